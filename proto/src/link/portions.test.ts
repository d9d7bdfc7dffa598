import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Portions } from "./portions.ts";

interface Seen {
  readonly taken: number[];
  /** Frames taken by the end of each portion. */
  readonly portions: number[];
  readonly errors: unknown[];
}

function portions(failAt = -1): { seen: Seen; queue: Portions<number> } {
  const seen: Seen = { taken: [], portions: [], errors: [] };
  const queue = new Portions<number>({
    take: (frame) => {
      if (frame === failAt) throw new Error(`frame ${frame}`);
      seen.taken.push(frame);
    },
    onPortion: () => seen.portions.push(seen.taken.length),
    onError: (error) => seen.errors.push(error),
  });
  return { seen, queue };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

async function untilEmpty(queue: Portions<number>): Promise<void> {
  while (!queue.isEmpty) await nextTurn();
}

test("a small batch is handed on at once", () => {
  const { seen, queue } = portions();
  queue.push(numbers(0, 9), 4);
  expect(seen).toEqual({ taken: numbers(4, 9), portions: [6], errors: [] });
});

test("a large batch is handed on turn by turn, and what comes meanwhile waits behind it", async () => {
  const { seen, queue } = portions();
  queue.push(numbers(1, 100));
  expect(seen.portions).toEqual([50]);
  queue.push([101, 102]);
  await untilEmpty(queue);
  expect(seen.taken).toEqual(numbers(1, 102));
  expect(seen.portions).toEqual([50, 82, 102]);
});

test("more than may wait is handed on at once, in order", async () => {
  const { seen, queue } = portions();
  queue.push(numbers(1, 3_000));
  queue.push(numbers(3_001, 6_000));
  expect(seen.taken).toEqual(numbers(1, 6_000));
  await nextTurn();
  expect(seen.taken).toHaveLength(6_000);
});

test.each([3, 50])("after an error in frame %i nothing more is handed on", async (failAt) => {
  const { seen, queue } = portions(failAt);
  queue.push(numbers(1, 100));
  await untilEmpty(queue);
  await nextTurn();
  expect(seen.taken).toEqual(numbers(1, failAt - 1));
  expect(seen.errors).toEqual([new Error(`frame ${failAt}`)]);
});

test("what is cleared is not handed on", async () => {
  const { seen, queue } = portions();
  queue.push(numbers(1, 100));
  queue.clear();
  await nextTurn();
  queue.push([200]);
  expect(seen.taken).toEqual([...numbers(1, 50), 200]);
});
