import { createLocalRuntime, defineAgent } from "@agentmesh/worker-sdk";
import { expect, it } from "vitest";
import { createLedger } from "./ledger.ts";
import { COORDINATOR, HandOutFiles, IndexFiles } from "./messages.ts";
import { review } from "./review.ts";

const COUNT = 1_000;
const OPEN_FILES = 256;

/** A coordinator that only notes what it is told. */
function noting(indexed: string[], handedOut: string[]) {
  return defineAgent(COORDINATOR.type, {
    handlers: (on) => [
      on(IndexFiles, ({ paths }) => ({ files: indexed.push(...paths) })),
      on(HandOutFiles, ({ paths }) => ({ files: handedOut.push(...paths) })),
    ],
  });
}

/** Lets everything happen that is going to happen by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
}

it("hands files out as verdicts come, and no more than that", async () => {
  const paths = Array.from({ length: COUNT }, (_, at) => `file-${at}.ts`);
  const [indexed, handedOut]: [string[], string[]] = [[], []];
  const ledger = createLedger();
  await using runtime = createLocalRuntime();
  await runtime.register(noting(indexed, handedOut));
  const settle = (path: string): void =>
    ledger.settled({ path, decision: "approve", opinions: [], reconsidered: 0, why: "" });

  const told: number[] = [];
  const reviewed = review(
    runtime,
    { folder: "/f", paths, leftOut: new Map(), isCut: false },
    ledger,
    { signal: new AbortController().signal, onIndexed: (files) => told.push(files) },
  );
  await quiet();
  expect(indexed).toEqual(paths);
  expect(told.at(-1)).toBe(COUNT);
  expect(handedOut).toEqual(paths.slice(0, OPEN_FILES));

  for (const path of paths.slice(0, 100)) settle(path);
  await quiet();
  // Portions stay whole, so up to one of them waits until all of it has room.
  expect(handedOut).toHaveLength(OPEN_FILES + 96);

  while (handedOut.length < COUNT) {
    for (const path of [...ledger.open]) settle(path);
    await quiet();
  }
  for (const path of [...ledger.open]) settle(path);
  await reviewed;
  expect(handedOut).toEqual(paths);
});
