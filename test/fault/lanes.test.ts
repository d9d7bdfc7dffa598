import { expect, test } from "vitest";
import { eventId, judgeLane } from "./lanes.ts";
import type { TurnLine } from "./turns.ts";

const SOUND = { lost: 0, repeated: 0, unmarked: 0, outOfOrder: 0 };

/** `+1` began, `-1` ended, `+1*` began once more and says so. */
function lane(...words: readonly string[]): TurnLine[] {
  return words.map((word) => ({
    at: word.startsWith("+") ? "began" : "ended",
    id: eventId("lane", Number.parseInt(word.slice(1), 10)),
    agent: "scribe/lane",
    activation: 1,
    attempt: word.endsWith("*") ? 2 : 1,
    resent: false,
  }));
}

test("events that were handled one after the other are as they must be", () => {
  expect(judgeLane(lane("+1", "-1", "+2", "-2"), [1, 2])).toEqual(SOUND);
});

test("an event that was never handled to its end is lost", () => {
  expect(judgeLane(lane("+1", "-1", "+2"), [1, 2])).toEqual({ ...SOUND, lost: 1 });
});

test("a repetition counts, and has to say that it is one", () => {
  const marked = judgeLane(lane("+1", "+1*", "-1", "+2", "-2"), [1, 2]);
  expect(marked).toEqual({ ...SOUND, repeated: 1 });
  const bare = judgeLane(lane("+1", "+1", "-1", "+2", "-2"), [1, 2]);
  expect(bare).toEqual({ ...SOUND, repeated: 1, unmarked: 1 });
});

test("an event that begins before an earlier one was handled is out of order", () => {
  expect(judgeLane(lane("+2", "-2", "+1", "-1"), [1, 2])).toEqual({ ...SOUND, outOfOrder: 1 });
  expect(judgeLane(lane("+1", "+2", "-2", "-1"), [1, 2])).toEqual({ ...SOUND, outOfOrder: 1 });
});

test("what was never expected is not waited for", () => {
  expect(judgeLane(lane("+1", "-1", "+3", "-3"), [1, 3])).toEqual(SOUND);
});
