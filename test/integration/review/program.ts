/** The review as its users run it: `npm start` is a launcher of this module. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished } from "vitest";
import { type ModuleStart, startModule, type TestProcess } from "../../support/processes.ts";

/** The program itself. */
const REVIEW = new URL("../../../examples/dist/review/main.js", import.meta.url);
/** Milliseconds of real time for host, workers and review to start on a busy machine. */
export const START_MS = 25_000;

/** The verdict on one file, as far as tests look at it. */
export interface FileVerdict {
  readonly path: string;
  readonly decision: string;
  readonly opinions: readonly { readonly reviewer: string; readonly severity?: string }[];
}

/** What came of a review. */
export interface Outcome {
  /** What a reader of the pipe has seen. */
  readonly lines: readonly string[];
  readonly verdicts: readonly FileVerdict[];
}

/** An empty folder that goes when the test ends. */
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "agentmesh-review-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A folder with these files that goes when the test ends. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await emptyFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

/** As many small files as wanted. */
export function smallFiles(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, at) => `part-${at % 7}/file-${at}.ts`);
  return Object.fromEntries(names.map((name) => [name, `export const name = "${name}";\n`]));
}

export function startReview(args: readonly string[], start?: ModuleStart): TestProcess {
  return startModule("the review", REVIEW, args, start);
}

/** Reviews a folder once. */
export async function reviewOnce(folder: string, ...flags: readonly string[]): Promise<Outcome> {
  const file = path.join(await emptyFolder(), "verdicts.json");
  const running = startReview([folder, "--exit", "--verdicts", file, ...flags]);
  const end = await running.finished(START_MS);
  expect(end, running.lastWords).toEqual({ code: 0, signal: null });
  expect(running.err.entries).toEqual([]);
  return { lines: running.out.entries, verdicts: await readVerdicts(file) };
}

/** The verdicts that a review has written. */
export async function readVerdicts(file: string): Promise<readonly FileVerdict[]> {
  const verdicts: readonly FileVerdict[] = JSON.parse(await readFile(file, "utf8"));
  return verdicts;
}

/** Starts a review and waits until all verdicts are in and it only serves. */
export async function startServing(
  args: readonly string[],
  start?: ModuleStart,
): Promise<TestProcess> {
  const running = startReview(args, start);
  await untilServing(running);
  return running;
}

/** Waits until all verdicts are in and the review only serves. */
export async function untilServing(running: TestProcess): Promise<void> {
  const isServing = (line: string): boolean => line === "the mesh stays up; Ctrl-C ends it";
  await running.out.first(isServing, "that it stays up", { limitMs: START_MS });
}

/** The processes that a review has told about, by name. */
export function processesOf(running: TestProcess): ReadonlyMap<string, number> {
  const text = running.out.entries.join("\n");
  const host = [...text.matchAll(/^ {2}host on \S+ \(pid (\d+)\)$/gm)];
  const workers = [...text.matchAll(/(?<=^ {2}workers |, )([\w-]+) \(pid (\d+)\)/gm)];
  return new Map([
    ...host.map(([, pid]) => ["host", Number(pid)] as const),
    ...workers.map(([, name = "", pid]) => [name, Number(pid)] as const),
  ]);
}
