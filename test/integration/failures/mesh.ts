/** Workers and callers of these tests: the workers in processes of their own, the callers in the one of the test. */
import {
  agentId,
  connectAdmin,
  connectWorker,
  MeshError,
  type RuntimeStatus,
  type Worker,
  type WorkerOptions,
} from "@agentmesh/worker-sdk";
import { atTheEnd } from "../../support/ending.ts";
import { follow, type Journal, type WaitOptions } from "../../support/journal.ts";
import { type ProgramProcess, startProgram } from "../../support/processes.ts";
import { eventually, within } from "../../support/waiting.ts";
import { Work } from "./programs/messages.ts";
import {
  Notice,
  type Order,
  type ReaderTask,
  SMALL_CHANCE,
  type WorkerTask,
} from "./programs/protocol.ts";

/** Milliseconds of real time for a mesh to recover: leases, restarts and new placements lie in it. */
export const RECOVERY_MS = 15_000;

/** A worker with probes, in a process of its own. */
export type WorkerProcess = ProgramProcess<Notice, Order>;

/** How to start a worker: what is left out is as most tests want it. */
export interface WorkerStart extends Omit<WorkerTask["options"], "name"> {
  readonly host: string | readonly string[];
  /** Agent types to run. Default: `probe`. */
  readonly types?: readonly string[];
  readonly agentWindow?: number;
}

/** Starts a worker and waits until its agent types are registered. */
export function startWorker(name: string, start: WorkerStart): Promise<WorkerProcess> {
  const { types = ["probe"], agentWindow = 0, ...options } = start;
  const task: WorkerTask = { options: { ...options, name }, types, agentWindow };
  const source = new URL("./programs/worker.ts", import.meta.url);
  return startProgram({ name: `worker ${name}`, source, task, read: Notice.parse });
}

/** Starts a process that reads a part of a stream of replies. */
export function startReader(task: ReaderTask): Promise<ProgramProcess<Notice, Order>> {
  const source = new URL("./programs/reader.ts", import.meta.url);
  return startProgram({ name: "the reader", source, task, read: Notice.parse });
}

/** A worker without agents in this process. */
export interface Caller {
  readonly worker: Worker;
  /** Every status that it has had. */
  readonly status: Journal<RuntimeStatus>;
}

/** Connects a caller; it is closed when the test ends. */
export async function startCaller(options: WorkerOptions): Promise<Caller> {
  const worker = await connectWorker({ name: "caller", random: SMALL_CHANCE, ...options });
  atTheEnd(() => worker.close());
  return { worker, status: follow("the caller's status", worker.status) };
}

type StatusKind = RuntimeStatus["kind"];

/** Waits for a status of a worker process. */
export function statusOf(worker: WorkerProcess, kind: StatusKind, options?: WaitOptions) {
  const isIt = (notice: Notice): notice is Extract<Notice, { kind: "status" }> =>
    notice.kind === "status" && notice.status.kind === kind;
  const limits = { limitMs: RECOVERY_MS, ...options };
  return worker.notices.first(isIt, `the status ${kind}`, limits).then(({ status }) => status);
}

/** Waits for a status of a caller. */
export function callerStatus(caller: Caller, kind: StatusKind, options?: WaitOptions) {
  const limits = { limitMs: RECOVERY_MS, ...options };
  return caller.status.first((status) => status.kind === kind, `the status ${kind}`, limits);
}

/** Waits until so many turns of a worker wait at its gate. */
export async function heldTurns(worker: WorkerProcess, count: number): Promise<void> {
  await worker.notices.several(({ kind }) => kind === "held", count, "turns at the gate", {
    limitMs: RECOVERY_MS,
  });
}

/** How a call ended. */
export type Settlement<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "failed"; readonly error: MeshError };

/** Waits for the end of a call; ask at once, so that no failure goes unnoticed. */
export function settlement<Value>(
  what: string,
  call: Promise<Value>,
  limitMs = RECOVERY_MS,
): Promise<Settlement<Value>> {
  const end = call.then(
    (value) => ({ kind: "value", value }) as const,
    (error: unknown) => {
      if (!(error instanceof MeshError)) throw error;
      return { kind: "failed", error } as const;
    },
  );
  return within(end, () => `the end of ${what}`, limitMs);
}

/** What a test compares of a failure. */
export function told({ code, outcome, retryable }: MeshError) {
  return { code, outcome, retryable };
}

/** Keys of `probe` agents that live on the worker called `name`, found by asking. */
export async function keysOn(worker: Worker, name: string, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let next = 0; keys.length < count; next++) {
    const key = `key-${next}`;
    const handled = await worker.send(
      agentId("probe", key),
      Work({ sender: "scout", sequence: 1 }),
    );
    if (handled.worker === name) keys.push(key);
  }
  return keys;
}

/** Waits until a counter of the host has reached a value. */
export async function counted(host: string, counter: string, least: number): Promise<void> {
  await using admin = await connectAdmin({ host });
  const ask = async (): Promise<number> => (await admin.status()).counters[counter] ?? 0;
  await eventually(ask, (value) => value >= least, `${counter} to be ${least}`, RECOVERY_MS);
}
