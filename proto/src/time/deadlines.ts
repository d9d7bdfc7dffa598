/**
 * Many deadlines over one timer: a hashed wheel (Varghese and Lauck, 1987) of doubly linked lists, so that arming and
 * disarming cost a few pointers. A deadline fires at most one tick late and never early.
 *
 * 1. An armed entry is in exactly one slot; a disarmed one in none.
 * 2. The tick of an armed entry lies ahead of the wheel's: its slot has yet to be visited.
 * 3. While at least one entry is armed, the clock's timer is set to the next beginning of a tick.
 */
import type { Clock, Timer } from "./clock.ts";

const SLOTS = 512;

/** Something that can be late. What is armed for every message extends it; the rest uses {@link deadline}. */
export abstract class Deadline {
  /** Tick at which it fires; meaningless while disarmed. */
  tick = 0;
  /** Neighbour in the slot; undefined while disarmed. */
  next: Deadline | undefined = undefined;
  /** Neighbour in the slot; undefined while disarmed. */
  previous: Deadline | undefined = undefined;

  /** Called once when the deadline has passed. It may arm and disarm at will; it must not throw. */
  abstract expire(): void;
}

class Callback extends Deadline {
  readonly #expire: () => void;

  constructor(expire: () => void) {
    super();
    this.#expire = expire;
  }

  expire(): void {
    this.#expire();
  }
}

/** A deadline that calls `expire`. */
export function deadline(expire: () => void): Deadline {
  return new Callback(expire);
}

function neverArmed(): void {
  // The head of a slot is a place, not a deadline.
}

/** A set of deadlines. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: Deadline[] = [];
  #timer: Timer | undefined;
  #size = 0;
  /** The last tick whose slot was visited. */
  #tick: number;

  /** `tickMs` is how late a deadline may be noticed. */
  constructor(clock: Clock, tickMs = 10) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#tick = this.#currentTick();
    for (let slot = 0; slot < SLOTS; slot++) {
      const head = deadline(neverArmed);
      head.next = head;
      head.previous = head;
      this.#slots.push(head);
    }
  }

  /** Number of armed deadlines. */
  get size(): number {
    return this.#size;
  }

  /** Arms `entry` to fire in `delayMs`, replacing an earlier arming. */
  arm(entry: Deadline, delayMs: number): void {
    this.disarm(entry);
    if (this.#size === 0) this.#tick = this.#currentTick();
    const atMs = this.#clock.now() + Math.min(Math.max(0, delayMs), Number.MAX_SAFE_INTEGER);
    entry.tick = Math.max(Math.ceil(atMs / this.#tickMs), this.#tick + 1);
    const head = this.#slots[entry.tick % SLOTS] as Deadline;
    const last = head.previous as Deadline;
    entry.previous = last;
    entry.next = head;
    last.next = entry;
    head.previous = entry;
    this.#size++;
    this.#setTimer();
  }

  /** Disarms `entry`; without effect when it is not armed. */
  disarm(entry: Deadline): void {
    const { next, previous } = entry;
    if (next === undefined || previous === undefined) return;
    previous.next = next;
    next.previous = previous;
    entry.next = undefined;
    entry.previous = undefined;
    this.#size--;
  }

  /** Whether `entry` is armed. */
  isArmed(entry: Deadline): boolean {
    return entry.next !== undefined;
  }

  /** Milliseconds until `entry` fires; undefined when it is not armed. */
  leftMs(entry: Deadline): number | undefined {
    return this.isArmed(entry) ? entry.tick * this.#tickMs - this.#clock.now() : undefined;
  }

  #currentTick(): number {
    return Math.floor(this.#clock.now() / this.#tickMs);
  }

  #setTimer(): void {
    this.#timer ??= this.#clock.after(
      this.#tickMs - (this.#clock.now() % this.#tickMs),
      this.#advance,
    );
  }

  readonly #advance = (): void => {
    this.#timer = undefined;
    const now = this.#currentTick();
    // After a long pause one turn of the wheel meets every slot, and every entry that is due.
    const from = Math.max(this.#tick + 1, now - SLOTS + 1);
    for (let tick = from; tick <= now; tick++) {
      // What is armed from now on goes into a slot that has not been visited yet.
      this.#tick = tick;
      this.#fire(this.#slots[tick % SLOTS] as Deadline, now);
    }
    if (this.#size > 0) this.#setTimer();
  };

  #fire(head: Deadline, now: number): void {
    const due: Deadline[] = [];
    for (let entry = head.next as Deadline; entry !== head; entry = entry.next as Deadline) {
      if (entry.tick <= now) due.push(entry);
    }
    for (const entry of due) {
      if (!this.isArmed(entry) || entry.tick > now) continue;
      this.disarm(entry);
      entry.expire();
    }
  }
}
