import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("a worker is enough, the rest has defaults", () => {
  expect(parseOptions(["--worker", "go run ."])).toEqual({
    worker: "go run .",
    json: false,
    limitMs: 5_000,
    only: undefined,
  });
  expect(parseOptions(["--worker", "a", "--only", "W1, W12"])).toMatchObject({
    only: ["W1", "W12"],
  });
});

test.each([
  [[], "--worker is missing"],
  [["--worker", " "], "--worker is missing"],
  [["--worker", "a", "--limit-ms", "99"], "whole number from 100"],
  [["--worker", "a", "--limit-ms", "1.5"], "whole number from 100"],
  [["--worker", "a", "--only", "W1,W99"], 'no requirement "W99"'],
  [["--werker", "a"], "--werker"],
])("%j is refused with the reason", (args, reason) => {
  expect(() => parseOptions(args)).toThrow(reason);
});
