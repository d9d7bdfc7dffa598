import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import type { Position } from "../model/durable-subscription.ts";
import { FeedProgress } from "./feed-progress.ts";

const START: Position = { through: 0, open: [], retries: [], offered: 0, behind: [] };

/** Progress of a feed that is somewhere, with the places that were written. */
function setUp() {
  const written: number[] = [];
  const feed = { through: 0 };
  const progress = new FeedProgress(
    { position: START, revision: 1 },
    {
      clock: new FakeClock(),
      position: () => ({ ...START, through: feed.through }),
      write: async ({ position, revision }) => {
        written.push(position.through);
        return { kind: "written", revision: revision + 1 };
      },
      onProblem: (error) => {
        throw error;
      },
      onStored: () => undefined,
    },
  );
  return { feed, progress, written };
}

test("a position that is wanted in the middle of the feed's work is that of its end", async () => {
  const { feed, progress, written } = setUp();
  progress.hurry();
  feed.through = 1;
  await progress.close();
  expect(written).toEqual([1]);
});

test("what is wanted while a write is under way is written next", async () => {
  const { feed, progress, written } = setUp();
  feed.through = 1;
  progress.hurry();
  await Promise.resolve();
  expect(written).toEqual([1]);
  feed.through = 2;
  progress.hurry();
  await Promise.resolve();
  await progress.close();
  expect(written).toEqual([1, 2]);
});
