import type { Clock, Timer } from "@agentmesh/proto";
import { type Position, pastThrough } from "../model/durable-subscription.ts";
import type { PositionRecord, WriteOutcome } from "../store/ports.ts";

/** Milliseconds between two writes of the position. */
const SAVE_MS = 50;
/** Milliseconds after which what the store refused is tried again. */
const STORE_RETRY_MS = 1_000;

interface Parts {
  readonly clock: Clock;
  /** Where the feed is now. */
  readonly position: () => Position;
  readonly write: (moved: PositionRecord) => Promise<WriteOutcome>;
  readonly onProblem: (error: unknown) => void;
  /** A position is in the store. */
  readonly onStored: (position: Position) => void;
}

/**
 * Keeps the position of a feed in the store, at most one write at a time and not for every event: what was handled
 * since the last one is delivered once more after a crash, marked as such.
 */
export class FeedProgress {
  readonly #parts: Parts;
  #saved: PositionRecord;
  #isDirty = false;
  #isUrgent = false;
  #isStopped = false;
  #writing: Promise<void> | undefined;
  readonly #timers = new Set<Timer>();
  #isScheduled = false;

  constructor(saved: PositionRecord, parts: Parts) {
    this.#saved = saved;
    this.#parts = parts;
  }

  /** Everything up to this sequence is past, and stored as such. */
  get past(): number {
    return pastThrough(this.#saved.position);
  }

  /** The position has changed: it is written soon. */
  touch(): void {
    this.#isDirty = true;
    if (this.#isScheduled || this.#writing !== undefined || this.#isStopped) return;
    this.#isScheduled = true;
    this.#after(SAVE_MS, () => {
      this.#isScheduled = false;
      if (this.#isDirty) void this.#save();
    });
  }

  /**
   * The position has changed, and somebody waits until it is in the store: it is written as soon as what runs now is
   * through, for a feed is asked in the middle of its work, when an event may be in its lane and not yet behind it.
   */
  hurry(): void {
    this.#isDirty = true;
    this.#isUrgent = true;
    queueMicrotask(() => {
      if (!this.#isStopped) void this.#save();
    });
  }

  /** Does it when the store may have recovered. */
  later(run: () => void): void {
    if (!this.#isStopped) this.#after(STORE_RETRY_MS, run);
  }

  /** Writes no more. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Writes the position for the last time. Never rejects. */
  async close(): Promise<void> {
    this.stop();
    await this.#writing;
    await this.#write();
  }

  async #save(): Promise<void> {
    if (this.#writing !== undefined) return;
    this.#isUrgent = false;
    this.#writing = this.#write();
    await this.#writing;
    this.#writing = undefined;
    if (this.#isUrgent && !this.#isStopped) void this.#save();
    else if (this.#isDirty) this.touch();
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    const position = this.#parts.position();
    const { revision } = this.#saved;
    try {
      const outcome = await this.#parts.write({ position, revision });
      if (outcome.kind === "conflict") throw new Error("the position was moved by somebody else");
      this.#saved = { position, revision: outcome.revision };
      this.#parts.onStored(position);
    } catch (error) {
      this.#parts.onProblem(error);
      this.later(() => this.touch());
    }
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}
