/**
 * `npm run verify`: everything that CI checks, in order, all of it offline once packages are installed. Every step runs,
 * so that one run tells everything that is wrong. `--without-tests` leaves the tests out, for who ran them already.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { siteCommand } from "./docs.mjs";
import { folderDifferences } from "./folder-differences.mjs";
import { GENERATED, generate } from "./generate.mjs";
import { lockedPackages, lockfileProblems } from "./lockfile.mjs";
import { capture, fail, inRoot, ROOT, seconds, tool } from "./process.mjs";
import { diagnostics, installPackages } from "./setup.mjs";
import { countTests, formatCounts, isGreen } from "./test-counts.mjs";

/**
 * @typedef {{ ok: boolean, output: string, note?: string }} Result
 * @typedef {{ title: string, run: () => Result | Promise<Result> }} Step
 */

/** @type {Step[]} */
const CHECKS = [
  { title: "lockfile", run: checkLockfile },
  { title: "buf lint", run: () => run(tool("buf", ["lint"])) },
  { title: "buf format", run: () => run(tool("buf", ["format", "--diff", "--exit-code"])) },
  { title: "generated code", run: checkGenerated },
  { title: "buf breaking", run: checkBreaking },
  { title: "compile", run: () => compile("tsconfig.json") },
  { title: "types of tests", run: () => compile("tsconfig.check.json") },
  { title: "public API", run: checkApi },
  { title: "docs", run: () => run(siteCommand("--emit", "none")) },
  { title: "biome", run: () => run(tool("biome", ["check", "--error-on-warnings", "."])) },
  { title: "knip", run: () => run(tool("knip", ["--no-progress"])) },
];

/** @type {Step} */
const TESTS = { title: "tests", run: runTests };

const steps = process.argv.includes("--without-tests") ? CHECKS : [...CHECKS, TESTS];

if (await installPackages()) {
  const failed = [];
  for (const step of steps) if (!(await perform(step))) failed.push(step.title);
  if (failed.length > 0)
    fail(`verify: ${failed.length} of ${steps.length} steps failed: ${failed.join(", ")}`);
}

/** Runs one step and prints its line. @param {Step} step */
async function perform({ title, run }) {
  const startedAt = performance.now();
  const { ok, output, note = "" } = await run();
  const line = [ok ? "ok  " : "FAIL", title.padEnd(15), seconds(startedAt).padStart(7), note];
  process.stdout.write(`${line.join("  ").trimEnd()}\n`);
  if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
  return ok;
}

/** @param {readonly string[]} command */
async function run(command) {
  const { code, output } = await capture(command);
  return { ok: code === 0, output };
}

/** @param {string} project */
async function compile(project) {
  const { ok, output } = await run(tool("tsc", ["-b", project]));
  return { ok, output: diagnostics(output) };
}

function checkLockfile() {
  const problems = lockfileProblems(lockedPackages(inRoot("package-lock.json")));
  return { ok: problems.length === 0, output: problems.join("\n") };
}

/** Loaded here and not above: it needs what only an installation brings. */
async function checkApi() {
  const { apiProblems } = await import("./api.mjs");
  const problems = apiProblems();
  return { ok: problems.length === 0, output: problems.join("\n") };
}

function checkBreaking() {
  return run(
    tool("buf", [
      "breaking",
      "proto",
      "--against",
      path.join("proto", "release", "agentmesh.binpb"),
    ]),
  );
}

/** Generates into a folder of its own and compares: the work tree stays as it is. */
async function checkGenerated() {
  const top = mkdtempSync(path.join(tmpdir(), "agentmesh-generate-"));
  try {
    const { code, output } = await generate(top);
    if (code !== 0) return { ok: false, output };
    const differences = GENERATED.flatMap((folder) =>
      folderDifferences(path.join(top, folder), path.join(ROOT, folder)).map((difference) =>
        path.join(folder, difference),
      ),
    );
    return {
      ok: differences.length === 0,
      output: [...differences, "run: npm run generate"].join("\n"),
    };
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

async function runTests() {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-verify-"));
  try {
    const report = path.join(folder, "tests.json");
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { code, output } = await capture(tool("vitest", args), { env: { AGENTMESH_BUILT: "1" } });
    const counts = countTests(report);
    return { ok: code === 0 && isGreen(counts), output, note: formatCounts(counts) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
