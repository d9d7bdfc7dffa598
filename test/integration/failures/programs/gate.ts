/** A gate that turns wait at, closed until it is opened for good. */
export class Gate {
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  /** Resolves when the gate is open. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  open(): void {
    this.#open();
  }
}
