/**
 * The agents of one type that have nothing to do. One timer serves all of them. Those of late stay awake for a while,
 * since messages come back to them; of the others only a row of a table is left, with their number, their key and
 * their state, so that a million of them fit into memory.
 *
 * 1. Who rests has no turn, no visitor and no `Activation`: nothing refers to the one that it was.
 * 2. Agents are put to rest by timers, between two turns of the event loop: whoever has found one may use it until then.
 * 3. `#awake` holds everybody who is awake and has nothing to do; those who have, or are gone, leave it in passing.
 * 4. The timer runs while somebody is here. Who is offered has been idle for at least `idleMs`, and for an eighth more
 *    at most. An offer is repeated after as long.
 */
import type { Clock, Timer } from "@agentmesh/proto";
import { Fifo, PAGE_ROWS, placeOf, RowIndex, Rows } from "@agentmesh/proto/link";

/** Somebody who can be idle. */
export interface Idler {
  readonly number: number;
  readonly key: string;
  readonly state: unknown;
  /** Whether it is there and has nothing to do. */
  readonly canRest: boolean;
  /** Belong to {@link Resting}. */
  idleSince: number;
  isListed: boolean;
  /** Its row is all that is left of it. */
  lieDown(): void;
}

/** What is left of somebody who rests. */
export interface Rested {
  readonly number: number;
  readonly key: string;
  readonly state: unknown;
}

interface Cells {
  readonly numbers: number[];
  readonly keys: string[];
  readonly states: unknown[];
  readonly since: number[];
}

const TICKS = 8;
/** Agents in one offer. */
const SLICE = 1_000;
/** Offers in one go; the rest follow soon, so that the agents of a second go in a second. */
const SLICES = 16;
const SOON_MS = 20;
/** Agents that stay awake although they have nothing to do, until the next tick. */
const MOST_AWAKE = 1_024;

export class Resting {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #offer: (numbers: readonly number[]) => void;
  readonly #mostAwake: number;
  readonly #awake = new Fifo<Idler>();
  readonly #rows = new Rows<Cells>(cellsOfPage);
  readonly #byNumber = new RowIndex((row) => this.#numberAt(row) | 0);
  #tick = 0;
  /** The row at which offering goes on; 0 between two rounds. */
  #offeredTo = 0;
  #timer: Timer | undefined;
  #isSettling = false;
  #isClosed = false;

  /** `idleMs` 0 means that nobody is ever offered. */
  constructor(
    clock: Clock,
    idleMs: number,
    offer: (numbers: readonly number[]) => void,
    mostAwake = MOST_AWAKE,
  ) {
    this.#clock = clock;
    this.#tickMs = Math.ceil(idleMs / TICKS);
    this.#offer = offer;
    this.#mostAwake = mostAwake;
  }

  /** How many rest. */
  get size(): number {
    return this.#rows.size;
  }

  /** Somebody has just become idle. */
  add(idler: Idler): void {
    idler.idleSince = this.#tick;
    if (idler.isListed || this.#isClosed) return;
    idler.isListed = true;
    this.#awake.push(idler);
    this.#setTimer(this.#tickMs);
    if (this.#isSettling || this.#awake.length <= this.#mostAwake) return;
    this.#isSettling = true;
    setImmediate(this.#settle);
  }

  /** Takes somebody who rests out; undefined when it is somebody else. */
  take(number: number): Rested | undefined {
    if (this.#rows.size === 0) return undefined;
    const row = this.#rowOf(number);
    return row < 0 ? undefined : this.#takeRow(row);
  }

  /** As {@link take}, by the key. It looks at all. */
  takeKey(key: string): Rested | undefined {
    for (const row of this.#taken()) {
      if (this.#rows.pageOf(row).keys[placeOf(row)] === key) return this.#takeRow(row);
    }
    return undefined;
  }

  /** Takes all out, one after the other. */
  *takeAll(): Generator<Rested> {
    for (const row of this.#taken()) yield this.#takeRow(row);
  }

  /** Forgets those with a number that is meant. */
  dropAll(isMeant: (number: number) => boolean): void {
    for (const row of this.#taken()) if (isMeant(this.#numberAt(row))) this.#takeRow(row);
  }

  /** All who rest, and stay. */
  *all(): Generator<Rested> {
    for (const row of this.#taken()) yield this.#restedAt(row);
  }

  /** Stops the timer; nobody is offered any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #setTimer(delayMs: number): void {
    if (this.#tickMs === 0 || this.#isClosed) return;
    this.#timer ??= this.#clock.after(delayMs, this.#advance);
  }

  readonly #advance = (): void => {
    this.#timer = undefined;
    if (this.#offeredTo === 0) {
      this.#tick++;
      this.#layDown(2, 0);
    }
    this.#offeredTo = this.#offerFrom(this.#offeredTo);
    if (this.#offeredTo > 0) this.#setTimer(SOON_MS);
    else if (this.#rows.size > 0 || this.#awake.length > 0) this.#setTimer(this.#tickMs);
  };

  /** Looks once at those who have been awake for longest, until no more are awake than may be. */
  readonly #settle = (): void => {
    this.#isSettling = false;
    this.#layDown(0, this.#mostAwake);
  };

  /** Puts those to rest who have been idle for `ticks`, until no more than `mostAwake` are awake. */
  #layDown(ticks: number, mostAwake: number): void {
    let looks = this.#awake.length;
    for (; looks > 0 && this.#awake.length > mostAwake; looks--) {
      const idler = this.#awake.shift() as Idler;
      // Who has something to do comes back when it is idle again.
      if (!idler.canRest) idler.isListed = false;
      else if (this.#tick - idler.idleSince < ticks) this.#awake.push(idler);
      else this.#put(idler);
    }
  }

  #put(idler: Idler): void {
    const row = this.#rows.take();
    const cells = this.#rows.pageOf(row);
    const place = placeOf(row);
    cells.numbers[place] = idler.number;
    cells.keys[place] = idler.key;
    cells.states[place] = idler.state;
    cells.since[place] = idler.idleSince;
    this.#byNumber.add(row);
    idler.lieDown();
  }

  #takeRow(row: number): Rested {
    const rested = this.#restedAt(row);
    this.#byNumber.remove(row);
    const cells = this.#rows.pageOf(row);
    const place = placeOf(row);
    cells.numbers[place] = 0;
    cells.keys[place] = "";
    cells.states[place] = undefined;
    this.#rows.give(row);
    return rested;
  }

  /** Offers who is due from a row on. @returns the row to go on with soon; 0 when all have been looked at. */
  #offerFrom(from: number): number {
    let due: number[] = [];
    let slices = 0;
    const { end } = this.#rows;
    for (let row = from; row < end; row++) {
      const cells = this.#rows.pageAt(row);
      const place = placeOf(row);
      if (cells === undefined || cells.numbers[place] === 0) continue;
      if (this.#tick - (cells.since[place] as number) <= TICKS) continue;
      cells.since[place] = this.#tick;
      due.push(cells.numbers[place] as number);
      if (due.length < SLICE) continue;
      this.#offer(due);
      due = [];
      slices++;
      if (slices === SLICES) return row + 1;
    }
    if (due.length > 0) this.#offer(due);
    return 0;
  }

  *#taken(): Generator<number> {
    for (let row = 0; row < this.#rows.end; row++) {
      const number = this.#rows.pageAt(row)?.numbers[placeOf(row)] ?? 0;
      if (number !== 0) yield row;
    }
  }

  #rowOf(number: number): number {
    let place = this.#byNumber.first(number | 0);
    let row = this.#byNumber.rowAt(place);
    while (row >= 0 && this.#numberAt(row) !== number) {
      place = this.#byNumber.after(place);
      row = this.#byNumber.rowAt(place);
    }
    return row;
  }

  #restedAt(row: number): Rested {
    const { keys, states } = this.#rows.pageOf(row);
    const place = placeOf(row);
    return { number: this.#numberAt(row), key: keys[place] as string, state: states[place] };
  }

  #numberAt(row: number): number {
    return this.#rows.pageOf(row).numbers[placeOf(row)] as number;
  }
}

function cellsOfPage(): Cells {
  return {
    numbers: new Array<number>(PAGE_ROWS).fill(0),
    keys: new Array<string>(PAGE_ROWS).fill(""),
    states: new Array<unknown>(PAGE_ROWS).fill(undefined),
    since: new Array<number>(PAGE_ROWS).fill(0),
  };
}
