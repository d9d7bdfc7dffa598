import type { Journal } from "../support/journal.ts";

/** Waits for `count` entries. @returns all that there are then, so that one too many is seen. */
export async function reached<Entry>(
  journal: Journal<Entry>,
  count: number,
): Promise<readonly Entry[]> {
  await journal.several(() => true, count, `${count} entries`);
  return journal.entries;
}
