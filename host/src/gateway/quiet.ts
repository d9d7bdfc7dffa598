import type { Clock } from "@agentmesh/proto";

/** How often is looked whether everything has finished, in milliseconds. */
const LOOK_MS = 20;

/**
 * Resolves when `unfinished` tells that nothing is in flight or waits to be written, at the latest after `graceMs`
 * milliseconds. @returns what it told at last.
 */
export function untilQuiet(
  clock: Clock,
  unfinished: () => number,
  graceMs: number,
): Promise<number> {
  const until = clock.now() + graceMs;
  return new Promise((resolve) => {
    const look = (): void => {
      const left = unfinished();
      if (left > 0 && clock.now() < until) clock.after(LOOK_MS, look);
      else resolve(left);
    };
    look();
  });
}
