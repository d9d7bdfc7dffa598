import { describe, expect, it } from "vitest";
import { progressBar, progressText } from "./progress.ts";

const QUARTER = { stage: "reviewed", done: 25, total: 100, elapsedMs: 5_000 } as const;

describe("progress", () => {
  it("says what has happened to how many files", () => {
    expect(progressText(QUARTER)).toBe("25 of 100 files reviewed");
    expect(progressText({ ...QUARTER, done: 0, total: 1, stage: "indexed" })).toBe(
      "0 of 1 file indexed",
    );
  });

  it("is a bar, with the time that is left at this speed", () => {
    expect(progressBar(QUARTER, 120)).toBe(
      `${"█".repeat(10)}${"░".repeat(30)}  25 of 100 files reviewed, 15 s left`,
    );
  });

  it("does not guess before it has seen enough, nor at the very end", () => {
    expect(progressBar({ ...QUARTER, done: 4 }, 120)).not.toContain("left");
    expect(progressBar({ ...QUARTER, done: 99 }, 120)).not.toContain("left");
  });

  it.each([120, 60, 40, 30, 10, 1])("fits into %d columns", (columns) => {
    expect(progressBar(QUARTER, columns).length).toBeLessThan(columns);
  });
});
