import { TailKind, TailResponse } from "@agentmesh/proto/agentmesh/v1";
import type { ClientReadableStream, StatusObject } from "@grpc/grpc-js";
import { Journal } from "./journal.ts";
import { within } from "./waiting.ts";

/** A tail, with everything that it has told. */
export class RawTail {
  readonly seen = new Journal<TailResponse>("the tail");
  readonly #call: ClientReadableStream<Buffer>;
  readonly #begun: Promise<void>;

  constructor(call: ClientReadableStream<Buffer>) {
    this.#call = call;
    this.#begun = new Promise((resolve, reject) => {
      call.once("metadata", () => resolve());
      call.on("error", reject);
    });
    call.on("data", (bytes: Buffer) => this.seen.add(TailResponse.decode(bytes)));
    call.once("status", ({ details }: StatusObject) => this.seen.close(details));
  }

  /** Resolves when the host follows. */
  get begun(): Promise<void> {
    return within(this.#begun, () => "the tail to begin");
  }

  /** Waits for so many sightings of any kind. @returns `kind sender topic target` of each, as far as it has them. */
  async lines(count: number): Promise<string[]> {
    await this.seen.several(() => true, count, `${count} sightings`);
    return this.seen.entries.map(lineOf);
  }

  /** Reads nothing for a while. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  cancel(): void {
    this.#call.cancel();
  }
}

const KIND_NAMES = new Map<TailKind, string>(
  Object.entries(TailKind).map(([name, kind]) => [kind, name.toLowerCase()]),
);

function lineOf({ kind, sender, topic, target, error }: TailResponse): string {
  const parts = [
    KIND_NAMES.get(kind),
    sender && `${sender.type}/${sender.key}`,
    topic && `${topic.type}/${topic.source}`,
    target && `${target.type}/${target.key}`,
    error && `!${error.code}`,
  ];
  return parts.filter((part) => part !== undefined).join(" ");
}
