import { expect, test } from "vitest";
import { PublisherMarks } from "./publisher-marks.ts";

test("what was accepted is recognised, also by a later session of the instance", () => {
  const marks = new PublisherMarks();
  const first = marks.of("instance");
  expect(first.wasAccepted(1)).toBe(false);
  first.accepted(1);
  first.accepted(5);
  const later = marks.of("instance");
  expect([1, 5, 6].map((sequence) => later.wasAccepted(sequence))).toEqual([true, true, false]);
});

test("numbers below the largest count as accepted: sequences may leave some out, never go back", () => {
  const mark = new PublisherMarks().of("instance");
  mark.accepted(10);
  expect(mark.wasAccepted(7)).toBe(true);
});

test("what was refused may come again, and once accepted is accepted", () => {
  const mark = new PublisherMarks().of("instance");
  mark.refused(3);
  mark.accepted(4);
  expect([mark.wasAccepted(3), mark.wasAccepted(4)]).toEqual([false, true]);
  mark.accepted(3);
  expect(mark.wasAccepted(3)).toBe(true);
});

test("instances know nothing of each other", () => {
  const marks = new PublisherMarks();
  marks.of("one").accepted(9);
  expect(marks.of("two").wasAccepted(9)).toBe(false);
});

test("the instances that published longest ago are forgotten first", () => {
  const marks = new PublisherMarks();
  marks.of("oldest").accepted(1);
  marks.of("old").accepted(1);
  for (let count = 0; count < 9_998; count++) marks.of(`instance-${count}`);
  // Who comes back is young again.
  marks.of("oldest");
  marks.of("one too many");
  expect(marks.of("oldest").wasAccepted(1)).toBe(true);
  expect(marks.of("old").wasAccepted(1)).toBe(false);
});
