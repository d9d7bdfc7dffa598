/** How a rule is broken between a worker that keeps it and the host: by what the link makes of their batches. */
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import type { Batch, HostFrame, WorkerFrame } from "@agentmesh/proto/wire";

export type WorkerBatch = Batch<WorkerFrame>;
export type HostBatch = Batch<HostFrame>;

export interface Sabotage {
  /** Numbers of the requirements that it breaks. */
  readonly breaks: readonly string[];
  /** What must be tried besides for that to show. */
  readonly also?: readonly string[];
  /** What becomes of a batch on its way to the host. */
  readonly toHost?: (batch: WorkerBatch) => WorkerBatch;
  /** What becomes of a batch on its way to the worker; `cut` breaks the stream instead. */
  readonly toWorker?: (batch: HostBatch) => HostBatch | "cut";
}

/** Takes the place of a frame that a worker does not say: numbers stay as they are. */
export const NOTHING_SAID: WorkerFrame = {
  kind: "control",
  control: { $case: "idle", value: { activations: [] } },
};
/** Takes the place of a frame that a worker does not hear. */
export const NOTHING_TOLD: HostFrame = {
  kind: "control",
  control: { $case: "deactivate", value: { activations: [] } },
};

/** Changes frames of the worker, one by one. */
export function fromWorker(change: (frame: WorkerFrame) => WorkerFrame) {
  return {
    toHost: (batch: WorkerBatch): WorkerBatch => ({ ...batch, frames: batch.frames.map(change) }),
  };
}

/** Changes frames of the host, one by one. */
export function fromHost(change: (frame: HostFrame) => HostFrame) {
  return {
    toWorker: (batch: HostBatch): HostBatch => ({ ...batch, frames: batch.frames.map(change) }),
  };
}

/** Changes what the worker says first. */
export function fromHello(change: (hello: Hello) => Hello) {
  return fromWorker((frame) =>
    frame.kind === "control" && frame.control.$case === "hello"
      ? { kind: "control", control: { $case: "hello", value: change(frame.control.value) } }
      : frame,
  );
}

/** Changes what the host says first. */
export function fromWelcome(change: (welcome: Welcome) => Welcome) {
  return fromHost((frame) =>
    frame.kind === "control" && frame.control.$case === "welcome"
      ? { kind: "control", control: { $case: "welcome", value: change(frame.control.value) } }
      : frame,
  );
}

/** Says more than the worker, behind some of its frames, and numbers what follows accordingly. */
export function appending(more: (frame: WorkerFrame) => readonly WorkerFrame[]) {
  let added = 0;
  return {
    toHost(batch: WorkerBatch): WorkerBatch {
      const { firstNumber } = batch;
      if (firstNumber === 0) return batch;
      if (firstNumber === 1) added = 0;
      const before = added;
      const frames = batch.frames.flatMap((frame) => [frame, ...more(frame)]);
      added += frames.length - batch.frames.length;
      return { ...batch, firstNumber: firstNumber + before, frames };
    },
    toWorker: (batch: HostBatch): HostBatch => ({
      ...batch,
      receivedThrough: Math.max(0, batch.receivedThrough - added),
    }),
  };
}

/** Changes what the worker sends again when its session goes on. */
export function onResumption(change: (batch: WorkerBatch) => WorkerBatch) {
  let highest = 0;
  let isResumed = false;
  return {
    toHost(batch: WorkerBatch): WorkerBatch {
      const last = batch.firstNumber + batch.count - 1;
      if (batch.firstNumber > 0 && isResumed && last <= highest) return change(batch);
      if (batch.firstNumber > 0) highest = last;
      return batch;
    },
    ...fromWelcome((welcome) => {
      isResumed = welcome.resumed;
      return welcome;
    }),
  };
}
