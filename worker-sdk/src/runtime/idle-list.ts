/**
 * The idle agents of one type, longest idle first. One timer serves all of them, and an agent that gets a message costs
 * a few pointers, so that a million agents stay cheap.
 *
 * I1. Who is in the list has been idle since tick `idleSince`, and the list is in that order.
 * I2. The timer runs exactly while somebody is in the list. Who is offered has been idle for at least `idleMs`, and for
 *     an eighth more at most. An offer is repeated after as long.
 */
import type { Clock, Timer } from "@agentmesh/proto";

/** Somebody who can be idle. Its fields belong to the list. */
export interface Idler {
  readonly number: number;
  idleSince: number;
  /** Neighbours in the list; undefined outside of it. */
  idleNext: Idler | undefined;
  idlePrevious: Idler | undefined;
}

const TICKS = 8;
/** Agents in one offer. */
const SLICE = 1_000;
/** Offers in one go; the rest follow with the next ticks. */
const SLICES = 16;

class Head implements Idler {
  readonly number = 0;
  idleSince = 0;
  idleNext: Idler = this;
  idlePrevious: Idler = this;
}

export class IdleList {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #offer: (numbers: readonly number[]) => void;
  readonly #head = new Head();
  #tick = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  /** `idleMs` 0 means that nobody is ever offered. */
  constructor(clock: Clock, idleMs: number, offer: (numbers: readonly number[]) => void) {
    this.#clock = clock;
    this.#tickMs = Math.ceil(idleMs / TICKS);
    this.#offer = offer;
  }

  /** Adds somebody who has just become idle. */
  add(idler: Idler): void {
    if (this.#tickMs === 0 || this.#isClosed) return;
    this.remove(idler);
    this.#link(idler);
    this.#timer ??= this.#clock.after(this.#tickMs, this.#advance);
  }

  /** Takes somebody out; without effect when it is not in the list. */
  remove(idler: Idler): void {
    const { idleNext: next, idlePrevious: previous } = idler;
    if (next === undefined || previous === undefined) return;
    previous.idleNext = next;
    next.idlePrevious = previous;
    idler.idleNext = undefined;
    idler.idlePrevious = undefined;
  }

  /** Stops the timer; nobody is offered any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #link(idler: Idler): void {
    const last = this.#head.idlePrevious;
    idler.idleSince = this.#tick;
    idler.idleNext = this.#head;
    idler.idlePrevious = last;
    last.idleNext = idler;
    this.#head.idlePrevious = idler;
  }

  readonly #advance = (): void => {
    this.#timer = undefined;
    this.#tick++;
    for (let slice = 0; slice < SLICES; slice++) {
      const due = this.#takeDue();
      if (due.length > 0) this.#offer(due);
      if (due.length < SLICE) break;
    }
    if (this.#head.idleNext !== this.#head) {
      this.#timer = this.#clock.after(this.#tickMs, this.#advance);
    }
  };

  /** Those who are due move to the end, so that they are offered again when nothing comes of it. */
  #takeDue(): number[] {
    const due: number[] = [];
    let idler = this.#head.idleNext;
    while (idler !== this.#head && this.#tick - idler.idleSince > TICKS && due.length < SLICE) {
      due.push(idler.number);
      this.remove(idler);
      this.#link(idler);
      idler = this.#head.idleNext;
    }
    return due;
  }
}
