/** `npm run api`: writes the public API of each package to its api.md; commit the result with the change. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { apiReport } from "./api-report.mjs";
import { documentationProblems } from "./documentation.mjs";
import { fail, inRoot } from "./process.mjs";
import { readPublicApi } from "./public-api.mjs";
import { setUp } from "./setup.mjs";

const REPORT = "api.md";

/** What is wrong with the committed reports and with the documentation of what they list. @returns {string[]} */
export function apiProblems() {
  const api = readPublicApi();
  const outdated = api.packages.flatMap((opened) => {
    const file = path.join(opened.folder, REPORT);
    return textOf(file) === apiReport(opened) ? [] : [`${file} is outdated; run: npm run api`];
  });
  return [...outdated, ...documentationProblems(api)];
}

function textOf(/** @type {string} */ file) {
  try {
    return readFileSync(inRoot(file), "utf8");
  } catch {
    return "";
  }
}

async function writeReports() {
  if (!(await setUp())) return;
  const api = readPublicApi();
  for (const opened of api.packages)
    writeFileSync(inRoot(opened.folder, REPORT), apiReport(opened));
  const problems = documentationProblems(api);
  if (problems.length > 0) fail(problems.join("\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeReports();
