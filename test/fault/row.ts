import type { Stage } from "./stage.ts";

/** What a row has measured, by name: plain numbers. */
export type Figures = Readonly<Record<string, number>>;

/** One way to break the mesh, and what must hold all the same. */
export interface Row {
  readonly id: string;
  /** What is done and what must hold, in one line for people. */
  readonly title: string;
  /** Breaks the mesh, tells the stage of everything that was not as it must be, and gives its figures. */
  run(stage: Stage): Promise<Figures>;
}

/** What became of a row. */
export interface Result {
  readonly id: string;
  readonly seed: number;
  readonly passed: boolean;
  readonly figures: Figures;
  /** What was not as it must be; the first of it. */
  readonly problems: readonly string[];
}
