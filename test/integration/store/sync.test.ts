/**
 * That *accepted* means on the disk is proven by the system calls of a real host: the record of each event is written
 * to the log, a sync of the log begins and ends, and only then does the acceptance leave.
 */
import { spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { durable, publish } from "../../support/frames.ts";
import { TestProcess } from "../../support/processes.ts";
import { RawWorker } from "../../support/raw-worker.ts";
import { STRACE, testWith } from "../../support/tools.ts";
import { findingOf, readTrace, type Traced } from "./sync-trace.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const EVENTS = 40;
/** Sequences whose bytes are found nowhere else on the wire. */
const FIRST_SEQUENCE = 0x1_2345_6000;
const START_MS = 30_000;

/** Starts the host of a folder with its system calls written to a file. The host is the child, strace its grandchild. */
async function startTraced(dist: string, data: string, trace: string) {
  const calls = "trace=pwrite64,fsync,fdatasync,write,writev";
  const strace = ["-D", "-f", "-y", "-xx", "-s", "100000", "-e", calls, "-o", trace];
  const host = [process.execPath, path.join(dist, "cli", "main.js"), "host"];
  const child = spawn("strace", [...strace, ...host, "--listen", "127.0.0.1:0", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = new TestProcess("the traced host", child);
  const isReady = (line: string) => line.startsWith("agentmesh host ready on ");
  const line = await running.out.first(isReady, "the host to be ready", { limitMs: START_MS });
  return { host: running, address: line.slice("agentmesh host ready on ".length) };
}

/** Publishes events, half of them one by one and half at once, and ends the host. @returns what to look for. */
async function publishTraced(address: string): Promise<Traced[]> {
  const subscriptions = [durable("archive", "news", "reader")];
  const worker = await RawWorker.connect(address, { hello: { subscriptions } });
  onTestFinished(() => worker.close());
  const sequences = Array.from({ length: EVENTS }, (_, index) => FIRST_SEQUENCE + index);
  const frames = sequences.map((sequence) => publish(sequence, "news/a", `record ${sequence}.`));
  for (const frame of frames.slice(0, EVENTS / 2)) {
    worker.write(frame);
    await worker.next("accepted");
  }
  for (const frame of frames.slice(EVENTS / 2)) worker.write(frame);
  const missing = new Set(sequences.slice(EVENTS / 2));
  while (missing.size > 0) {
    for (const sequence of (await worker.next("accepted")).sequences) missing.delete(sequence);
  }
  return sequences.map((sequence) => ({
    record: Buffer.from(`record ${sequence}.`),
    acceptance: varint(sequence),
  }));
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** How often each finding was made of the events of a host that runs this code. */
async function findingsOf(dist: string): Promise<Record<string, number>> {
  const folder = folderForTest();
  const data = path.join(folder, "data");
  const trace = path.join(folder, "trace");
  const { host, address } = await startTraced(dist, data, trace);
  const events = await publishTraced(address);
  await host.kill();
  const calls = readTrace(readFileSync(trace, "latin1"));
  const findings: Record<string, number> = {};
  for (const event of events) {
    const finding = findingOf(calls, path.join(data, "agentmesh.db-wal"), event);
    findings[finding] = (findings[finding] ?? 0) + 1;
  }
  return findings;
}

const traced = testWith(STRACE);

traced("each event is accepted after a completed sync of its record", async () => {
  expect(await findingsOf(path.join(ROOT, "host", "dist"))).toEqual({ synced: EVENTS });
});

traced("a host that does not sync is found out", async () => {
  const folder = folderForTest();
  const dist = path.join(folder, "host", "dist");
  cpSync(path.join(ROOT, "host"), path.join(folder, "host"), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  const database = path.join(dist, "store", "embedded", "database.js");
  const sound = readFileSync(database, "utf8");
  const mutant = sound.replace("pragma synchronous = full", "pragma synchronous = off");
  expect(mutant).not.toBe(sound);
  writeFileSync(database, mutant);
  expect(await findingsOf(dist)).toEqual({ "accepted-before-sync": EVENTS });
});
