import { expect, test } from "vitest";
import { resolveDurable } from "./durable-options.ts";

test("what is left out is left to the host", () => {
  expect(resolveDurable({ name: "archive" })).toEqual({
    name: "archive",
    maxAttempts: 0,
    backoffMs: 0,
    maxRetryMs: 0,
    retentionMs: 0,
    update: false,
  });
});

test.each([
  [{ name: "" }, /needs a name/],
  [{ name: "a/b" }, /needs a name/],
  [{ name: "a", maxAttempts: 0 }, /durable\.maxAttempts must be a whole number from 1/],
  [{ name: "a", backoffMs: -1 }, /durable\.backoffMs/],
  [{ name: "a", maxRetryMs: 0.5 }, /durable\.maxRetryMs/],
  [{ name: "a", retentionMs: Number.NaN }, /durable\.retentionMs/],
])("%o is refused", (options, text) => {
  expect(() => resolveDurable(options)).toThrow(text);
});
