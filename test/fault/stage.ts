/**
 * Where one row runs: its chance, its size, a folder, and everything that it starts, which is ended with it.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Ending, takeEndings } from "../support/ending.ts";
import { folderForTest } from "../support/folder.ts";
import { randomFrom } from "../support/random.ts";

/** Problems that are kept; a row that fails altogether would fill the memory with them. */
const MOST_PROBLEMS = 20;

export interface StageOptions {
  readonly seed: number;
  readonly isQuick: boolean;
  /** Takes a line that tells how far the row is. */
  readonly say: (line: string) => void;
}

export class Stage {
  /** Numbers from 0 up to 1, the same ones for the same seed. */
  readonly random: () => number;
  readonly folder: string;
  readonly #options: StageOptions;
  readonly #endings: Ending[] = [];
  readonly #problems: string[] = [];
  #omitted = 0;

  /** From now on what is started ends with this stage. */
  constructor(options: StageOptions) {
    this.#options = options;
    this.random = randomFrom(options.seed);
    takeEndings((ending) => this.#endings.push(ending));
    this.folder = folderForTest();
  }

  /** What was not as it must be. */
  get problems(): readonly string[] {
    const rest = this.#omitted === 0 ? [] : [`and ${this.#omitted} more`];
    return [...this.#problems, ...rest];
  }

  /** The full size, or what a quick run does. */
  size(full: number, quick: number): number {
    return this.#options.isQuick ? quick : full;
  }

  /** A whole number from `least` to `most`, by chance. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** One of several, by chance. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }

  say(line: string): void {
    this.#options.say(line);
  }

  /** Something was not as it must be. */
  problem(text: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(text);
    else this.#omitted++;
  }

  /** A folder of this row, made if need be. */
  subfolder(name: string): string {
    const folder = path.join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Ends everything that was started, the last first. */
  async end(): Promise<void> {
    for (let ending = this.#endings.pop(); ending !== undefined; ending = this.#endings.pop())
      await ending();
  }
}
