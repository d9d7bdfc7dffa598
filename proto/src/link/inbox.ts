/**
 * The receiving half of a session: drops what was received before, and says when an acknowledgement is due.
 *
 * I1. Every numbered frame is handed on exactly once, in order, over any number of streams.
 * I2. An acknowledgement is due at the latest `frames` frames, `bytes` bytes or `ms` milliseconds after the first
 *     frame that was not acknowledged.
 */
import { meshError } from "../errors/mesh-error.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { Batch } from "../wire/frames.ts";

export interface InboxOptions {
  readonly clock: Clock;
  /** Frames after which an acknowledgement is due. */
  readonly ackFrames: number;
  /** Bytes after which an acknowledgement is due. */
  readonly ackBytes: number;
  /** Milliseconds after which an acknowledgement is due. */
  readonly ackMs: number;
  /** Called when an acknowledgement has become due. */
  readonly onDue: () => void;
}

export class Inbox {
  readonly #options: InboxOptions;
  #receivedThrough = 0;
  #frames = 0;
  #bytes = 0;
  #timer: Timer | undefined;
  #due = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Number of the last frame that has arrived. */
  get receivedThrough(): number {
    return this.#receivedThrough;
  }

  /** Whether the peer waits for an acknowledgement. */
  get acknowledgementDue(): boolean {
    return this.#due;
  }

  /**
   * Takes note of a batch of `bytes` bytes.
   * @returns how many of its `frames` were received before and must be skipped.
   * @throws MeshError `PROTOCOL_VIOLATION` when frames are missing before it.
   */
  accept(batch: Batch<unknown>, bytes: number): number {
    const { firstNumber, count } = batch;
    if (firstNumber === 0) return 0;
    const expected = this.#receivedThrough + 1;
    if (firstNumber > expected) {
      throw meshError(
        "PROTOCOL_VIOLATION",
        `frame ${expected} is missing; the batch starts at ${firstNumber}`,
      );
    }
    const last = firstNumber + count - 1;
    if (last >= expected) this.#receivedThrough = last;
    this.#frames += count;
    this.#bytes += bytes;
    this.#checkDue();
    const before = Math.min(count, expected - firstNumber);
    // Frames of unknown kind have a number but are not among `frames`.
    return before - batch.skipped.filter((position) => position < before).length;
  }

  /** An acknowledgement of everything received has left. */
  acknowledged(): void {
    this.#frames = 0;
    this.#bytes = 0;
    this.#due = false;
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #checkDue(): void {
    if (this.#due) return;
    if (this.#frames >= this.#options.ackFrames || this.#bytes >= this.#options.ackBytes) {
      this.#setDue();
    } else {
      // It is left running when an acknowledgement leaves before, and looks again: cheaper than a timer per batch.
      this.#timer ??= this.#options.clock.after(this.#options.ackMs, this.#onTimer);
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    if (this.#frames > 0 && !this.#due) this.#setDue();
  };

  #setDue(): void {
    this.#due = true;
    this.#options.onDue();
  }
}
