/**
 * Takes the bytes of a stream apart into gRPC's messages, as grpc-js does, and only the heads of those that are too long:
 * grpc-js would end the stream over them, and with it all that its client does.
 *
 * It leans on `decoder` of the calls of grpc-js, which is not public; the tests beside this file fail when a release
 * changes it.
 */
import { meshError } from "@agentmesh/proto";
import type { RawChannel } from "./channel.ts";

/** What takes messages apart: gives those that are complete, each behind its five bytes of framing. */
interface Decoder {
  write(data: Buffer): Buffer[];
}

/** A message that is too long: its first bytes, and how many it has. */
export type OnTooLong = (head: Buffer, bytes: number) => void;

/** Whether a message is compressed, and its length. */
const FRAMING_BYTES = 5;
/** As much of a message that is too long as tells what it is. */
const HEAD_BYTES = 4 * 1024;

/**
 * Lets the stream of `call` go on over messages of more than `maxBytes`. Call it before anything is read from it.
 * @throws MeshError `INTERNAL` when this release of grpc-js is built differently.
 */
export function clipLongMessages(call: RawChannel, maxBytes: number, onTooLong: OnTooLong): void {
  const inner: unknown = Reflect.get(call, "call");
  if (typeof inner !== "object" || inner === null) throw changed("ServerDuplexStreamImpl.call");
  const decoder: unknown = Reflect.get(inner, "decoder");
  if (!isDecoder(decoder)) throw changed("BaseServerInterceptingCall.decoder");
  Reflect.set(inner, "decoder", new Clipper(decoder, maxBytes, onTooLong));
}

/** Passes on all but the messages that are too long. */
export class Clipper implements Decoder {
  readonly #decoder: Decoder;
  readonly #maxBytes: number;
  readonly #onTooLong: OnTooLong;
  readonly #framing = Buffer.alloc(FRAMING_BYTES);
  /** Bytes of the framing that are there. */
  #framed = 0;
  /** Length of the message, once its framing is complete. */
  #length = 0;
  /** Bytes of the message that are still to come. */
  #left = 0;
  /** The beginning of a message that is too long; undefined in any other. */
  #head: Buffer | undefined;

  constructor(decoder: Decoder, maxBytes: number, onTooLong: OnTooLong) {
    this.#decoder = decoder;
    this.#maxBytes = maxBytes;
    this.#onTooLong = onTooLong;
  }

  write(data: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let rest = data;
    while (rest.length > 0) {
      const taken = this.#left > 0 ? this.#takeMessage(rest) : this.#takeFraming(rest);
      messages.push(...taken.messages);
      rest = rest.subarray(taken.bytes);
    }
    return messages;
  }

  #takeFraming(data: Buffer): Taken {
    const bytes = data.copy(this.#framing, this.#framed, 0, FRAMING_BYTES - this.#framed);
    this.#framed += bytes;
    if (this.#framed < FRAMING_BYTES) return { bytes, messages: [] };
    this.#framed = 0;
    this.#length = this.#framing.readUInt32BE(1);
    this.#left = this.#length;
    const isCompressed = this.#framing.readUInt8(0) !== 0;
    if (this.#length <= this.#maxBytes || isCompressed)
      return { bytes, messages: this.#decoder.write(Buffer.from(this.#framing)) };
    this.#head = Buffer.alloc(0);
    return { bytes, messages: [] };
  }

  #takeMessage(data: Buffer): Taken {
    const part = data.subarray(0, this.#left);
    const bytes = part.length;
    this.#left -= bytes;
    if (this.#head === undefined) return { bytes, messages: this.#decoder.write(part) };
    if (this.#head.length < HEAD_BYTES)
      this.#head = Buffer.concat([this.#head, part.subarray(0, HEAD_BYTES - this.#head.length)]);
    if (this.#left === 0) {
      this.#onTooLong(this.#head, this.#length);
      this.#head = undefined;
    }
    return { bytes, messages: [] };
  }
}

/** How many bytes were used, and the messages that they completed. */
interface Taken {
  readonly bytes: number;
  readonly messages: readonly Buffer[];
}

function isDecoder(value: unknown): value is Decoder {
  return (
    typeof value === "object" &&
    value !== null &&
    "write" in value &&
    typeof value.write === "function"
  );
}

function changed(what: string): Error {
  return meshError("INTERNAL", `this release of @grpc/grpc-js has another ${what}`);
}
