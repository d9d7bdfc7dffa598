import fc from "fast-check";
import { expect, test } from "vitest";
import { fromColumn, toColumn } from "./column-text.ts";

const odd = fc.string({ unit: fc.constantFrom("a", "\0", "\u0001", "\u0002", "é") });

test("a column gives back any text, and holds no NUL", () => {
  fc.assert(
    fc.property(odd, (text) => {
      expect(toColumn(text)).not.toContain("\0");
      expect(fromColumn(toColumn(text))).toBe(text);
    }),
  );
});

test("a text without oddities is kept as it is", () => {
  expect(toColumn("Zoë / 1")).toBe("Zoë / 1");
});
