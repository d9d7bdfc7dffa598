import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { countTests, formatCounts, isGreen } from "./test-counts.mjs";

/**
 * @param {number} passed
 * @param {number} failed
 * @param {...string[]} files the statuses of the tests of each file; a file without any that failed broke before them
 */
function countsOf(passed, failed, ...files) {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-counts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const testResults = files.map((statuses) => ({
    status:
      statuses.every((status) => status === "passed") && statuses.length > 0 ? "passed" : "failed",
    assertionResults: statuses.map((status) => ({ status })),
  }));
  const report = path.join(folder, "tests.json");
  const content = { numPassedTests: passed, numFailedTests: failed, testResults };
  writeFileSync(report, JSON.stringify(content));
  return countTests(report);
}

describe("test counts", () => {
  it("are green when tests ran and none failed", () => {
    const counts = countsOf(3, 0, ["passed", "passed"], ["passed"]);
    expect(formatCounts(counts)).toBe("3 passed, 0 failed");
    expect(isGreen(counts)).toBe(true);
  });

  it("are red when one failed", () => {
    const counts = countsOf(2, 1, ["passed", "failed"], ["passed"]);
    expect(counts).toEqual({ passed: 2, failed: 1 });
    expect(isGreen(counts)).toBe(false);
  });

  it("count a file that broke before its tests as a failure", () => {
    const counts = countsOf(2, 0, ["passed", "passed"], []);
    expect(counts).toEqual({ passed: 2, failed: 1 });
    expect(isGreen(counts)).toBe(false);
  });

  it("are red when nothing ran, and when there is no report", () => {
    expect(isGreen(countsOf(0, 0))).toBe(false);
    expect(countTests("/no/such/report.json")).toEqual({ passed: 0, failed: 1 });
  });
});
