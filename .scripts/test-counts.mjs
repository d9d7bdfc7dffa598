/** Reads the report of vitest's json reporter. As a program: prints `N passed, N failed` for the file that is named. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileReport
 * @typedef {{ passed: number, failed: number }} Counts
 */

/**
 * Counts tests. A file that failed before its first test counts as one failure; a run without a report, too.
 * @param {string} file
 * @returns {Counts}
 */
export function countTests(file) {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  /** @type {{ numPassedTests: number, numFailedTests: number, testResults: FileReport[] }} */
  const report = JSON.parse(readFileSync(file, "utf8"));
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
  };
}

/** @param {Counts} counts */
export function formatCounts({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

/** A run counts only when tests ran and none failed. @param {Counts} counts */
export function isGreen({ passed, failed }) {
  return passed > 0 && failed === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const counts = countTests(process.argv[2] ?? "");
  process.stdout.write(`${formatCounts(counts)}\n`);
  process.exitCode = isGreen(counts) ? 0 : 1;
}
