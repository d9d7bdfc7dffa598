/** Shapes that frames of both directions share. */
import { decodeFailure, encodeFailure } from "./errors.ts";
import type { Ending, StreamCreditFrame } from "./frames.ts";
import { malformed, type WireReader } from "./reader.ts";
import { varintBytes, type WireWriter } from "./writer.ts";

/** Content of a frame that carries none. */
export const NO_CONTENT: Uint8Array = new Uint8Array(0);

/** From this field number on, a frame of unknown kind may be skipped. */
const FIRST_SKIPPABLE_KIND = 64;

/** Writes a packed field; left out when empty. */
export function writePacked(writer: WireWriter, tag: number, values: readonly number[]): void {
  if (values.length === 0) return;
  let length = 0;
  for (const value of values) length += varintBytes(value);
  writer.byte(tag);
  writer.varint(length);
  for (const value of values) writer.varint(value);
}

/** Reads one occurrence of a repeated number, packed or not, into `values`. */
export function readPacked(reader: WireReader, tag: number, values: number[]): void {
  if ((tag & 7) === 0) {
    values.push(reader.varint());
    return;
  }
  if ((tag & 7) !== 2) throw malformed("repeated number");
  const length = reader.length();
  const stop = reader.pos + length;
  while (reader.pos < stop) values.push(reader.varint());
  if (reader.pos !== stop) throw malformed("packed numbers past their end");
}

export function writeStreamCredit(writer: WireWriter, frame: StreamCreditFrame): void {
  writer.number(0x08, frame.stream);
  writer.number(0x10, frame.chunks);
  writer.number(0x18, frame.bytes);
}

export function readStreamCredit(reader: WireReader): StreamCreditFrame {
  let stream = 0;
  let chunks = 0;
  let bytes = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) stream = reader.varint();
    else if (tag === 0x10) chunks = reader.uint32();
    else if (tag === 0x18) bytes = reader.uint32();
    else reader.skip(tag);
  }
  return { kind: "stream-credit", stream, chunks, bytes };
}

/** Writes how something ended: the reply in one field, the failure in another, nothing for `done`. */
export function writeEnding(
  writer: WireWriter,
  ending: Ending,
  replyTag: number,
  errorTag: number,
): void {
  if (ending.kind === "reply") writer.bytes(replyTag, ending.content);
  else if (ending.kind === "failed") writer.bytes(errorTag, encodeFailure(ending.failure));
}

/** Reads the failure arm of an ending. */
export function readFailed(reader: WireReader): Ending {
  return { kind: "failed", failure: decodeFailure(reader.bytes()) };
}

/** How many bytes the content of an ending takes, about. */
export function endingBytes(ending: Ending): number {
  return ending.kind === "reply" ? ending.content.length : 0;
}

/** Passes over the one field of a control frame; it fills the frame. */
export function passControl(reader: WireReader, tag: number): void {
  reader.skip(tag);
  if (reader.pos !== reader.end) throw malformed("frame of more than one kind");
}

/** Leaves out a frame of unknown kind. @throws MeshError `PROTOCOL_VIOLATION` unless it may be skipped. */
export function skipUnknown(tag: number): undefined {
  const kind = tag >>> 3;
  if (kind < FIRST_SKIPPABLE_KIND) throw malformed(`unknown frame kind ${kind}`);
}
