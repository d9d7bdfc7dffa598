import { expect, test } from "vitest";
import { PublisherMarks } from "./publisher-marks.ts";

test("what was accepted is recognised, also by a later session of the instance", () => {
  const marks = new PublisherMarks();
  const first = marks.of("default", "instance");
  expect(first.wasAccepted(1)).toBe(false);
  first.accepted(1);
  first.accepted(5);
  const later = marks.of("default", "instance");
  expect([1, 5, 6].map((sequence) => later.wasAccepted(sequence))).toEqual([true, true, false]);
});

test("numbers below the largest count as accepted: sequences may leave some out, never go back", () => {
  const mark = new PublisherMarks().of("default", "instance");
  mark.accepted(10);
  expect(mark.wasAccepted(7)).toBe(true);
});

test("what was refused may come again, and once accepted is accepted", () => {
  const mark = new PublisherMarks().of("default", "instance");
  mark.refused(3);
  mark.accepted(4);
  expect([mark.wasAccepted(3), mark.wasAccepted(4)]).toEqual([false, true]);
  mark.accepted(3);
  expect(mark.wasAccepted(3)).toBe(true);
});

test("instances know nothing of each other", () => {
  const marks = new PublisherMarks();
  marks.of("default", "one").accepted(9);
  expect(marks.of("default", "two").wasAccepted(9)).toBe(false);
});

test("an instance of one namespace knows nothing of its namesake in another, also not of what was stored", () => {
  const marks = new PublisherMarks();
  marks.restore([{ namespace: "one", instance: "same", through: 9, refused: [] }]);
  marks.of("two", "same").accepted(3);
  const accepted = ["one", "two", "three"].map((namespace) =>
    [3, 9].map((sequence) => marks.of(namespace, "same").wasAccepted(sequence)),
  );
  expect(accepted).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});

test("the instances that have been gone for longest are forgotten first", () => {
  const marks = new PublisherMarks();
  const [here, gone, back] = ["here", "gone", "back"].map((name) => marks.of("default", name));
  for (const mark of [here, gone, back]) mark?.accepted(1);
  back?.gone();
  gone?.gone();
  for (let count = 0; count < 9_998; count++) marks.of("default", `instance-${count}`);
  // Who comes back is young again, and who was here all the time is when it goes.
  marks.of("default", "back");
  marks.of("default", "one too many");
  here?.gone();
  const isKnown = (name: string) => marks.of("default", name).wasAccepted(1);
  expect(["here", "back", "gone"].map(isKnown)).toEqual([true, true, false]);
});
