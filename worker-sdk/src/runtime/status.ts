import type { MeshError } from "@agentmesh/proto";
import type { LinkStatus } from "../connection/mesh-port.ts";

/** How a runtime is, as its user may want to know. */
export type RuntimeStatus =
  | LinkStatus
  /** It finishes what it has and takes nothing new; `closed` follows, whatever becomes of the way to the mesh. */
  | { readonly kind: "draining" }
  /** It has ended. */
  | {
      readonly kind: "closed";
      /** Why it ended; undefined when it was told to. */
      readonly reason: MeshError | undefined;
    };

/** A reader that is slower than the status changes loses the oldest of this many. */
const KEPT = 64;

type Step = IteratorResult<RuntimeStatus, undefined>;

/**
 * The status as a stream: every reader first gets the current one, then every change, and ends after `closed`.
 */
export class StatusFeed implements AsyncIterable<RuntimeStatus> {
  /** Resolves when it is `closed`, to the reason. */
  readonly closed: Promise<MeshError | undefined>;
  #current: RuntimeStatus;
  #resolveClosed: (reason: MeshError | undefined) => void = () => undefined;
  readonly #readers = new Set<StatusReader>();

  constructor(initial: RuntimeStatus) {
    this.#current = initial;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** The latest status. */
  get current(): RuntimeStatus {
    return this.#current;
  }

  /** Tells every reader. Nothing follows `closed`, and nothing else `draining`. */
  set(status: RuntimeStatus): void {
    const { kind } = this.#current;
    if (kind === "closed" || (kind === "draining" && status.kind !== "closed")) return;
    this.#current = status;
    for (const reader of this.#readers) reader.push(status);
    if (status.kind === "closed") this.#resolveClosed(status.reason);
  }

  [Symbol.asyncIterator](): AsyncIterator<RuntimeStatus, undefined> {
    const reader = new StatusReader((gone) => this.#readers.delete(gone));
    this.#readers.add(reader);
    reader.push(this.#current);
    return reader;
  }
}

class StatusReader implements AsyncIterator<RuntimeStatus, undefined> {
  readonly #onGone: (reader: StatusReader) => void;
  #kept: RuntimeStatus[] = [];
  #waiting: ((step: Step) => void)[] = [];
  #isOver = false;

  constructor(onGone: (reader: StatusReader) => void) {
    this.#onGone = onGone;
  }

  push(status: RuntimeStatus): void {
    const resolve = this.#waiting.shift();
    if (resolve !== undefined) resolve({ done: false, value: status });
    else this.#kept.push(status);
    if (this.#kept.length > KEPT) this.#kept.shift();
    if (status.kind === "closed") this.#end();
  }

  next(): Promise<Step> {
    const status = this.#kept.shift();
    if (status !== undefined) return Promise.resolve({ done: false, value: status });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<Step> {
    this.#kept = [];
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #end(): void {
    this.#isOver = true;
    this.#onGone(this);
    for (const resolve of this.#waiting) resolve({ done: true, value: undefined });
    this.#waiting = [];
  }
}
