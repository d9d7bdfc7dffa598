/**
 * A mesh of reviewers reads a folder: `npm start -- [folder] [--exit] [--local | --workers N]`. This file only puts the parts
 * together: `review.ts` tells the story, `agents/` holds the agents, `mesh.ts` starts their processes.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MeshError } from "@agentmesh/worker-sdk";
import { Complaint } from "./complaint.ts";
import { crewOf } from "./crew.ts";
import { type Listing, listFiles } from "./files.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { startLocal } from "./local.ts";
import { startMesh } from "./mesh.ts";
import { type ReviewOptions, readOptions } from "./options.ts";
import { breakingFile, type ReviewMesh, review } from "./review.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { readTimesheets } from "./timesheets.ts";
import type { Watcher } from "./viewer.ts";

/** This repository, seen from `examples/dist/review/main.js`. */
const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
/** What a process ends with that was interrupted before its work was done. */
const INTERRUPTED = 130;
/** Anything that keeps the process alive: a local mesh has no socket that would. */
const LONG_MS = 2_147_483_647;

async function main(args: readonly string[], interrupted: AbortSignal): Promise<void> {
  const options = readOptions(args, REPOSITORY);
  const listing = await listFiles(options.folder);
  const terminal = createTerminal(process.stdout, process.env, () => performance.now());
  const ledger = createLedger();
  const starting = start(options, listing, watcherOf(ledger, terminal, listing), terminal);
  const mesh = await unlessInterrupted(interrupted, starting);
  try {
    const total = listing.paths.length;
    const onIndexed = (files: number): void => terminal.progress("indexed", files, total);
    const reviewed = review(mesh.messenger, listing, ledger, { signal: interrupted, onIndexed });
    await unlessInterrupted(interrupted, orBroken(mesh, interrupted, reviewed));
    interrupted.throwIfAborted();
    terminal.finish(ledger, await readTimesheets(mesh), await mesh.deadLetters());
    if (options.verdictsFile !== undefined) await writeVerdicts(options.verdictsFile, ledger);
    if (!options.exit) await serve(mesh, terminal, interrupted);
  } finally {
    await mesh.stop();
  }
}

/** Starts the mesh and tells what runs where. */
async function start(
  { local, workers }: ReviewOptions,
  listing: Listing,
  watcher: Watcher,
  terminal: Terminal,
): Promise<ReviewMesh> {
  const breaksOn = breakingFile(listing);
  if (!local) terminal.say(`starting a host and ${crewOf(workers).length} workers`);
  const mesh = local
    ? await startLocal(watcher, breaksOn)
    : await startMesh(watcher, { reviewers: workers, breaksOn, say: terminal.say });
  terminal.begin(listing, mesh.setting);
  return mesh;
}

function watcherOf(ledger: Ledger, terminal: Terminal, { paths }: Listing): Watcher {
  return {
    saw(sighting) {
      terminal.trace(sighting);
      ledger.saw(sighting);
    },
    settled(verdict) {
      ledger.settled(verdict);
      terminal.progress("reviewed", ledger.settledCount, paths.length);
    },
  };
}

async function serve(
  mesh: ReviewMesh,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<void> {
  terminal.say("\nthe mesh stays up; Ctrl-C ends it");
  const alive = setInterval(() => undefined, LONG_MS);
  try {
    await orBroken(mesh, interrupted, new Promise<never>(() => undefined));
  } finally {
    clearInterval(alive);
  }
}

/**
 * Waits for `work`. What fails after an interruption is not to blame: Ctrl-C can reach a process in the moment in which it
 * is made.
 */
async function unlessInterrupted<Result>(
  interrupted: AbortSignal,
  work: Promise<Result>,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    interrupted.throwIfAborted();
    throw error;
  }
}

/** Waits for `work`, for the mesh to break, or for the user to have had enough: whichever comes first. */
async function orBroken(
  mesh: ReviewMesh,
  interrupted: AbortSignal,
  work: Promise<void>,
): Promise<void> {
  const enough = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([enough, mesh.broken, work]);
}

async function writeVerdicts(file: string, ledger: Ledger): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(ledger.verdicts(), undefined, 2)}\n`);
  } catch (error) {
    throw new Complaint(`cannot write ${file}: ${messageOf(error)}`);
  }
}

/** Says what went wrong, in one line unless it is a defect of this program. */
function explain(error: unknown): number {
  const isForUsers = error instanceof Complaint || error instanceof MeshError;
  const text = isForUsers || !(error instanceof Error) ? messageOf(error) : error.stack;
  process.stderr.write(`review: ${text}\n`);
  return error instanceof Complaint ? error.exitCode : 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const interruption = new AbortController();
function interrupt(): void {
  interruption.abort(new Complaint("interrupted before all verdicts were in", INTERRUPTED));
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
// Who reads has gone (`npm start | head`): then nobody waits for the rest.
process.stdout.on("error", interrupt);
try {
  await main(process.argv.slice(2), interruption.signal);
} catch (error) {
  process.exitCode = explain(error);
}
process.exit();
