/** The conformance runner as its users run it: on the example workers, and on one that breaks what can be broken. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Claim, REQUIREMENTS } from "../../worker-conformance/requirements.ts";
import { tryWorker } from "../../worker-conformance/run.ts";
import { FAITHFUL, SABOTAGES } from "../../worker-conformance/sabotage/sabotages.ts";
import { commandOf, LANGUAGES } from "./couriers.ts";

const RUNNER = fileURLToPath(new URL("../../dist/worker-conformance/main.js", import.meta.url));
const BROKEN = fileURLToPath(
  new URL("../../dist/worker-conformance/broken-worker.js", import.meta.url),
);
const SABOTEUR = fileURLToPath(
  new URL("../../dist/worker-conformance/sabotage/saboteur.js", import.meta.url),
);
/** Milliseconds of real time for a run: every requirement has a session of its own at worst. */
const RUN_MS = 120_000;

/** Milliseconds within which a worker behind a link does what it must. */
const SABOTAGE_MS = 2_000;

interface Report {
  readonly requirements: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly reason: string | null;
  }[];
}

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function runner(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [RUNNER, ...args], (error, output, errors) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, output, errors });
    });
  });
}

function shellWords(command: readonly string[]): string {
  return command.map((word) => `"${word}"`).join(" ");
}

/** What becomes of these requirements when the link to the example worker breaks a rule in its place. */
async function verdictsOf(sabotage: string, only: readonly string[]) {
  const worker = shellWords([process.execPath, SABOTEUR, sabotage]);
  const findings = await tryWorker({ worker, limitMs: SABOTAGE_MS, only });
  return Object.fromEntries(
    findings.map(({ requirement, verdict }) => [requirement.id, verdict.kind]),
  );
}

function idsOf(output: string, verdict: string): string[] {
  const report: Report = JSON.parse(output);
  return report.requirements.filter((row) => row.verdict === verdict).map(({ id }) => id);
}

/** Those that concern none of the workers that do not claim this. */
const needing = (claim: Claim): string[] =>
  REQUIREMENTS.filter(({ claims }) => claims.includes(claim)).map(({ id }) => id);

describe.each(LANGUAGES)("the %s worker", (language) => {
  test("meets every requirement that concerns it", { timeout: RUN_MS }, async () => {
    const { code, output } = await runner("--worker", shellWords(commandOf(language)), "--json");
    const resumes = language === "typescript";
    expect(idsOf(output, "broken")).toEqual([]);
    expect(idsOf(output, "not-claimed")).toEqual(needing(resumes ? "small" : "resume"));
    expect(code).toBe(0);
  });
});

describe.concurrent("a worker that", () => {
  test.each(Object.entries(SABOTAGES))(
    "%s is found out, and nothing else is held against it",
    { timeout: RUN_MS },
    async (name, { breaks, also = [] }) => {
      const verdicts = await verdictsOf(name, [...breaks, ...also]);
      const wanted = [...breaks, ...also].map((id) => [id, breaks.includes(id) ? "broken" : "met"]);
      expect(verdicts).toEqual(Object.fromEntries(wanted));
    },
  );
});

test("a small worker that breaks many rules fails in just these", { timeout: RUN_MS }, async () => {
  const worker = shellWords([process.execPath, BROKEN]);
  const { code, output } = await runner("--worker", worker, "--json", "--limit-ms", "2000");
  const faults = ["W2", "W14", "W15", "W16", "W18", "W20", "W24", "W28", "W29"];
  expect(idsOf(output, "broken")).toEqual(faults);
  expect(code).toBe(1);
});

test("a link that breaks nothing is no fault of the worker", { timeout: RUN_MS }, async () => {
  const tried = ["W6", "W7", "W11", "W12", "W14", "W38"];
  const verdicts = Object.values(await verdictsOf(FAITHFUL, tried));
  expect(verdicts).toEqual(tried.map(() => "met"));
});

test("people get a table that says why", { timeout: RUN_MS }, async () => {
  const worker = shellWords([process.execPath, BROKEN]);
  const { code, output } = await runner("--worker", worker, "--limit-ms", "2000");
  expect(output).toMatch(/^W4 {3}met {5}When the stream breaks/m);
  expect(output).toMatch(
    /^W29 {2}BROKEN {2}`Ping` is answered.*\n {13}Pong came with nonce 424243$/m,
  );
  expect(output).toMatch(/^W30 {2}– {7}After .*\n {13}its Hello does not say resume$/m);
  expect(output).toMatch(/^14 met, 9 broken, 15 not claimed$/m);
  expect(code).toBe(1);
});

test.each([
  [["--worker", "exit 7"], 2, "ended with code 7"],
  [[], 2, "--worker is missing"],
  [["--worker", "true", "--limit-ms", "7"], 2, "whole number from 100 to 60000"],
])("%j cannot be run, and it is said why", async (args, exit, reason) => {
  const { code, errors } = await runner(...args);
  expect(errors).toContain(reason);
  expect(code).toBe(exit);
});
