import type { Stage } from "../stage.ts";

/** How one requirement is tried. */
export interface Case {
  /** Number of the requirement. */
  readonly id: string;
  /** Tries it. @throws when the worker does not meet it. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** @throws Error with this text unless it holds. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
