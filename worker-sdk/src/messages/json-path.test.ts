import { describe, expect, it } from "vitest";
import { findJsonObstacle, formatPath } from "./json-path.ts";

describe("formatPath", () => {
  it.each([
    [[], ""],
    [["a"], "a"],
    [["a", "b"], "a.b"],
    [[0, "größe"], "[0].größe"],
    [["a", 1, 2], "a[1][2]"],
    [["a b", "c"], '["a b"].c'],
    [["a", "1"], 'a["1"]'],
  ])("writes %j as %s", (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});

describe("findJsonObstacle", () => {
  it("finds nothing in what JSON can carry", () => {
    const shared = { a: 1 };
    expect(
      findJsonObstacle({ one: shared, two: [shared, null, undefined, new Date(0)] }),
    ).toBeUndefined();
  });

  it("finds the first BigInt or cycle", () => {
    expect(findJsonObstacle({ a: [1, 2n, 3n] })?.path).toEqual(["a", 1]);
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(findJsonObstacle(cycle)?.path).toEqual([0, "cycle"]);
  });

  it("does not look where the object serializes itself", () => {
    expect(findJsonObstacle({ size: 1n, toJSON: () => "1" })).toBeUndefined();
  });

  it("gives up below 200 levels", () => {
    let deep: unknown = 1n;
    for (let depth = 0; depth < 50_000; depth++) deep = [deep];
    expect(findJsonObstacle(deep)).toBeUndefined();
  });
});
