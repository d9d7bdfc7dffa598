/** How a review ends, and that nothing of it is left then. */
import { expect, onTestFailed, test } from "vitest";
import { isRunning } from "../../support/processes.ts";
import { until } from "../../support/waiting.ts";
import {
  folderWith,
  processesOf,
  readVerdicts,
  START_MS,
  smallFiles,
  startReview,
  startServing,
  untilServing,
} from "./program.ts";

const CREW = ["host", "coordinator", "reviewer-1", "reviewer-2", "judge"];

test("it serves until SIGTERM, ends with 0 and leaves nothing behind", async () => {
  const running = await startServing([await folderWith(smallFiles(3))]);
  const processes = processesOf(running);
  expect([...processes.keys()]).toEqual(CREW);
  expect([...processes.values()].filter(isRunning)).toHaveLength(CREW.length);
  running.signal("SIGTERM");
  expect(await running.ended, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.err.entries).toEqual([]);
  expect([...processes.values()].filter(isRunning)).toEqual([]);
});

test("Ctrl-C in a terminal ends all of it in order", async () => {
  const running = await startServing([await folderWith(smallFiles(3))], { ownGroup: true });
  const processes = [...processesOf(running).values()];
  // Each leads a group of its own, so that Ctrl-C reaches the review alone, which then ends them one after another.
  for (const pid of processes) expect(() => process.kill(-pid, 0)).not.toThrow();
  const mark = running.out.mark;
  running.interruptGroup();
  expect(await running.ended, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.out.entries.slice(mark)).toEqual([]);
  expect(running.err.entries).toEqual([]);
  expect(processes.filter(isRunning)).toEqual([]);
});

test("one process serves until Ctrl-C, too", async () => {
  const running = await startServing([await folderWith(smallFiles(3)), "--local"]);
  running.signal("SIGINT");
  expect(await running.ended, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.err.entries).toEqual([]);
});

test("interrupted before its work is done it says so and ends with 130", async () => {
  const folder = await folderWith(smallFiles(3));
  const running = startReview([folder, "--exit"], { ownGroup: true });
  const isStarting = (line: string): boolean => line.startsWith("starting a host");
  await running.out.first(isStarting, "that it starts", { limitMs: START_MS });
  running.interruptGroup();
  expect(await running.finished(START_MS)).toEqual({ code: 130, signal: null });
  expect(running.err.entries).toEqual(["review: interrupted before all verdicts were in"]);
  expect([...processesOf(running).values()].filter(isRunning)).toEqual([]);
});

test("interrupted while it starts, it does not blame a process that Ctrl-C has reached, too", async () => {
  const folder = await folderWith(smallFiles(3));
  const program = `if (process.argv[1]?.endsWith("host.js")) {
    process.kill(process.ppid, "SIGINT");
    process.exit(1);
  }`;
  const preload = await folderWith({ "interrupted-host.mjs": program });
  const env = { NODE_OPTIONS: `--import=${preload}/interrupted-host.mjs` };
  const running = startReview([folder, "--exit"], { env });
  expect(await running.finished(START_MS)).toEqual({ code: 130, signal: null });
  expect(running.err.entries).toEqual(["review: interrupted before all verdicts were in"]);
});

test("killed, it takes host and workers along", async () => {
  const running = await startServing([await folderWith(smallFiles(3))]);
  const processes = [...processesOf(running).values()];
  expect(processes.filter(isRunning)).toHaveLength(CREW.length);
  onTestFailed(() => {
    for (const pid of processes.filter(isRunning)) process.kill(pid, "SIGKILL");
  });
  await running.kill();
  await until(() => !processes.some(isRunning), "the end of all of them", START_MS);
});

test("when a worker is killed, the other one does its work", async () => {
  const files = smallFiles(400);
  const folder = await folderWith(files);
  const file = `${await folderWith({})}/verdicts.json`;
  const running = startReview([folder, "--verdicts", file]);
  const isRequest = (line: string): boolean => line.includes("⇒ all reviewers");
  await running.out.first(isRequest, "the first request", { limitMs: START_MS });
  process.kill(processesOf(running).get("reviewer-1") ?? 0, "SIGKILL");
  await untilServing(running);
  expect(running.out.entries).toContain("reviewer-1 ended (SIGKILL); reviewer-2 goes on");
  const verdicts = await readVerdicts(file);
  expect(verdicts.map(({ path }) => path).sort()).toEqual(Object.keys(files).sort());
  running.signal("SIGTERM");
  expect(await running.ended, running.lastWords).toEqual({ code: 0, signal: null });
});
