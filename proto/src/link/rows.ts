/**
 * Numbers for the rows of a large table, whose columns are kept in pages: a table that grows copies nothing, and one
 * that has emptied gives its pages back.
 *
 * 1. A row keeps its number from `take` to `give`. There is no further page while a page has room.
 * 2. A page is there exactly while a row of it is taken, but for the first one.
 * 3. `#roomy` are the pages that are there and have room.
 */

/** Rows of one page. */
export const PAGE_ROWS = 1_024;
const PLACES = PAGE_ROWS - 1;

interface Slab<Page> {
  readonly page: Page;
  taken: number;
  /** Rows that were ever taken: those behind them were not. */
  begun: number;
  /** Places of rows that were taken and given back. */
  readonly given: number[];
}

export class Rows<Page> {
  readonly #make: () => Page;
  readonly #slabs: (Slab<Page> | undefined)[] = [];
  readonly #roomy: number[] = [];
  #size = 0;

  /** `make` makes the columns of a page, with {@link PAGE_ROWS} cells each. */
  constructor(make: () => Page) {
    this.#make = make;
  }

  /** How many rows are taken. */
  get size(): number {
    return this.#size;
  }

  /** All rows that are taken have smaller numbers. */
  get end(): number {
    return this.#slabs.length * PAGE_ROWS;
  }

  /** The columns of a row that is taken; its cells are at {@link placeOf}. */
  pageOf(row: number): Page {
    return (this.#slabs[row >>> 10] as Slab<Page>).page;
  }

  /** The columns of a row that may be on no page; undefined then. */
  pageAt(row: number): Page | undefined {
    return this.#slabs[row >>> 10]?.page;
  }

  /** Takes a row. */
  take(): number {
    const number = this.#roomy.at(-1) ?? this.#open();
    const slab = this.#slabs[number] as Slab<Page>;
    const place = slab.given.pop() ?? slab.begun++;
    slab.taken++;
    this.#size++;
    if (slab.taken === PAGE_ROWS) this.#roomy.pop();
    return number * PAGE_ROWS + place;
  }

  /** Gives a row back, whose cells refer to nothing any more. */
  give(row: number): void {
    const number = row >>> 10;
    const slab = this.#slabs[number] as Slab<Page>;
    if (slab.taken === PAGE_ROWS) this.#roomy.push(number);
    slab.given.push(placeOf(row));
    slab.taken--;
    this.#size--;
    if (slab.taken === 0 && number > 0) this.#drop(number);
  }

  #open(): number {
    const vacant = this.#slabs.indexOf(undefined);
    const number = vacant < 0 ? this.#slabs.length : vacant;
    this.#slabs[number] = { page: this.#make(), taken: 0, begun: 0, given: [] };
    this.#roomy.push(number);
    return number;
  }

  #drop(number: number): void {
    this.#slabs[number] = undefined;
    while (this.#slabs.at(-1) === undefined) this.#slabs.pop();
    this.#roomy.splice(this.#roomy.indexOf(number), 1);
  }
}

/** Where the cells of a row are in the columns of its page. */
export function placeOf(row: number): number {
  return row & PLACES;
}
