/**
 * Hands frames on in portions, one for each turn of the event loop. What the first portion causes leaves and is worked on
 * elsewhere while the next one is taken; otherwise a large batch goes around the mesh as one convoy, with a single
 * process at work at any time.
 *
 * 1. Frames are handed on in their order, each once, until `clear`.
 * 2. What waits is bounded: above the limit everything is handed on at once.
 */
import { LIMITS } from "../limits.ts";
import { Fifo } from "./fifo.ts";

/** Frames of a portion, at least. Smaller ones pay more often for reading and writing than the overlap is worth. */
const PORTION_FRAMES = 32;
/** Of a little more than that a portion is the half, up to this many frames: two are enough to keep two processes busy. */
const HALVED_FRAMES = 64;
/** Where much waits, a portion is this part of it: a few portions are enough to keep all processes at work. */
const PORTIONS = 4;

export interface PortionsOptions<Frame> {
  /** Takes a frame. */
  readonly take: (frame: Frame) => void;
  /** Called after each portion. */
  readonly onPortion: () => void;
  /** Called when `take` threw; what waits has been cleared. */
  readonly onError: (error: unknown) => void;
}

export class Portions<Frame> {
  readonly #options: PortionsOptions<Frame>;
  readonly #waiting = new Fifo<Frame>();
  #isScheduled = false;

  constructor(options: PortionsOptions<Frame>) {
    this.#options = options;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Hands frames on, from the one at `first` on: a portion now, when none waits, and the rest in the turns to come. */
  push(frames: readonly Frame[], first = 0): void {
    if (!this.#isScheduled && frames.length - first <= PORTION_FRAMES) {
      this.#takeNow(frames, first);
      return;
    }
    for (let index = first; index < frames.length; index++)
      this.#waiting.push(frames[index] as Frame);
    if (this.#waiting.length > LIMITS.waitingFrames) this.#takeWaiting(this.#waiting.length);
    else if (!this.#isScheduled) this.#takePortion();
  }

  /** Hands everything that waits on now. */
  finish(): void {
    if (!this.isEmpty) this.#takeWaiting(this.#waiting.length);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.drain();
  }

  #takeNow(frames: readonly Frame[], first: number): void {
    try {
      for (let index = first; index < frames.length; index++)
        this.#options.take(frames[index] as Frame);
      this.#options.onPortion();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #takePortion(): void {
    this.#takeWaiting(portionOf(this.#waiting.length));
  }

  #takeWaiting(count: number): void {
    try {
      for (let taken = 0; taken < count && this.#waiting.length > 0; taken++) {
        this.#options.take(this.#waiting.shift() as Frame);
      }
      this.#options.onPortion();
    } catch (error) {
      this.clear();
      this.#options.onError(error);
    }
    if (this.#waiting.length === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isScheduled = false;
    this.#takePortion();
  };
}

function portionOf(waiting: number): number {
  const half = Math.min(HALVED_FRAMES, Math.ceil(waiting / 2));
  return Math.max(PORTION_FRAMES, half, Math.ceil(waiting / PORTIONS));
}
