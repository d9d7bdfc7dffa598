/** Who reads a stream, as who writes for it sees it. */
export interface StreamReader {
  /** Whether it wants no more elements. */
  readonly hasLeft: boolean;
  /** Called when it leaves: ends the wait for an element. */
  onLeave: (() => void) | undefined;
}

type Step<Element> = IteratorResult<Element, void>;

/**
 * The elements of a generator, for a reader who may leave while it waits for one: a generator alone would let it wait
 * on for what it does not want any more. Nothing runs before the first element is asked for.
 */
export class ElementStream<Element> implements AsyncIterableIterator<Element, void>, StreamReader {
  onLeave: (() => void) | undefined = undefined;
  readonly #elements: AsyncGenerator<Element, void, undefined>;
  #hasLeft = false;

  constructor(write: (reader: StreamReader) => AsyncGenerator<Element, void, undefined>) {
    this.#elements = write(this);
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  next(): Promise<Step<Element>> {
    return this.#elements.next();
  }

  /** Leaves. An element that is awaited does not come: that wait ends as if the stream had. */
  async return(): Promise<Step<Element>> {
    this.#hasLeft = true;
    this.onLeave?.();
    await this.#elements.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
