/**
 * What must hold for everything that a worker says, whatever the runner tries at the moment.
 *
 * R1. A rule marks its requirement as met when it has seen it kept, and as broken when it has seen it broken once.
 * R2. What a rule needs to know of the host's own words, it is told by the session that says them.
 */

import type { Hello } from "@agentmesh/proto/agentmesh/v1";
import {
  BATCH_BYTES,
  type Batch,
  decodeContent,
  type PublishFrame,
  readWorkerBatch,
  type WorkerControl,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import { publishesOf } from "./host-words.ts";
import type { Verdicts } from "./verdicts.ts";

/** A delivery that the worker has to end. */
interface OpenDelivery {
  readonly activation: number;
  chunks: number;
  bytes: number;
}

const UNNUMBERED: readonly WorkerControl["$case"][] = ["hello", "ping", "pong"];

/** Rules over all sessions of a worker process. */
export class WorkerRules {
  readonly verdicts: Verdicts;
  #instanceId: string | undefined;
  #lastSequence = 0;

  constructor(verdicts: Verdicts) {
    this.verdicts = verdicts;
  }

  /** The worker's process is another one from now on. */
  startAnew(): void {
    this.#instanceId = undefined;
    this.#lastSequence = 0;
  }

  /** What the worker has sent; undefined when it is no batch. */
  read(bytes: Buffer): Batch<WorkerFrame> | undefined {
    try {
      return readWorkerBatch(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.verdicts.broken("W5", `a batch cannot be read: ${reason}`);
      return undefined;
    }
  }

  /** The first batch of a stream. @returns its Hello; undefined when it is none. */
  greeting(batch: Batch<WorkerFrame>): Hello | undefined {
    const [frame] = batch.frames;
    const isHello = frame?.kind === "control" && frame.control.$case === "hello";
    if (!isHello) {
      this.verdicts.broken("W1", `the first frame is ${nameOf(frame)} instead of Hello`);
      return undefined;
    }
    if (batch.count !== 1)
      this.verdicts.broken("W1", `Hello came with ${batch.count - 1} more frames`);
    if (batch.firstNumber !== 0)
      this.verdicts.broken("W1", `Hello has number ${batch.firstNumber}`);
    this.verdicts.met("W1");
    const { value: hello } = frame.control as Extract<WorkerControl, { $case: "hello" }>;
    this.#checkHello(hello);
    return hello;
  }

  /** A publish. What is sent again keeps its sequence. */
  publish({ sequence, resent }: Pick<PublishFrame, "sequence" | "resent">): void {
    if (resent ? sequence > this.#lastSequence : sequence <= this.#lastSequence) {
      this.verdicts.broken(
        "W28",
        `sequence ${sequence} came ${resent ? "again" : ""} after ${this.#lastSequence}`,
      );
    }
    this.#lastSequence = Math.max(this.#lastSequence, sequence);
  }

  #checkHello({ versionMin, versionMax, instanceId }: Hello): void {
    const bytes = Buffer.byteLength(instanceId);
    if (versionMin > 1 || versionMax < 1)
      this.verdicts.broken("W2", `Hello offers versions ${versionMin} to ${versionMax}`);
    if (bytes < 8 || bytes > 64) this.verdicts.broken("W2", `the instance id has ${bytes} bytes`);
    this.#instanceId ??= instanceId;
    if (this.#instanceId !== instanceId)
      this.verdicts.broken(
        "W2",
        `the instance id changed from ${this.#instanceId} to ${instanceId}`,
      );
    this.verdicts.met("W2");
  }
}

/** Rules over one session. */
export class SessionRules {
  readonly #worker: WorkerRules;
  readonly #verdicts: Verdicts;
  readonly #resumes: boolean;
  readonly #open = new Map<number, OpenDelivery>();
  readonly #requests = new Set<number>();
  #expected = 1;

  constructor(worker: WorkerRules, resumes: boolean) {
    this.#worker = worker;
    this.#verdicts = worker.verdicts;
    this.#resumes = resumes;
  }

  /** The host has handed something to an agent. */
  delivered(delivery: number, activation: number, chunks = 0, bytes = 0): void {
    this.#open.set(delivery, { activation, chunks, bytes });
  }

  /** The host has granted credit. */
  granted(delivery: number, chunks: number, bytes: number): void {
    const open = this.#open.get(delivery);
    if (open === undefined) return;
    open.chunks += chunks;
    open.bytes += bytes;
  }

  /** What the worker says of these from now on is ignored, as hosts ignore it. @returns whether it was open. */
  deactivated(activation: number): void {
    for (const [delivery, open] of this.#open) {
      if (open.activation === activation) this.#open.delete(delivery);
    }
  }

  /** What the worker has sent; undefined when it is no batch. */
  read(bytes: Buffer): Batch<WorkerFrame> | undefined {
    return this.#worker.read(bytes);
  }

  /** A batch. @returns its frames that are new, each to be handed to {@link frame}. */
  batch(batch: Batch<WorkerFrame>, length: number): readonly WorkerFrame[] {
    if (length > BATCH_BYTES && batch.count > 1)
      this.#verdicts.broken("W5", `a batch held ${batch.count} frames and ${length} bytes`);
    this.#verdicts.met("W5");
    return this.#resumes ? this.#numbered(batch) : this.#withoutNumbers(batch);
  }

  frame(frame: WorkerFrame): void {
    for (const publish of publishesOf(frame)) this.#worker.publish(publish);
    if (frame.kind === "turn-end") this.#ended(frame.delivery, frame.activation);
    else if (frame.kind === "done")
      for (const delivery of frame.deliveries) this.#ended(delivery, frame.activation);
    else if (frame.kind === "reply-chunk") this.#chunk(frame);
    else if (frame.kind === "send") this.#send(frame);
  }

  #withoutNumbers(batch: Batch<WorkerFrame>): readonly WorkerFrame[] {
    const { firstNumber, receivedThrough } = batch;
    if (firstNumber !== 0 || receivedThrough !== 0)
      this.#verdicts.broken(
        "W8",
        `a batch came with first_number ${firstNumber} and received_through ${receivedThrough}`,
      );
    this.#verdicts.met("W8");
    return batch.frames;
  }

  #numbered(batch: Batch<WorkerFrame>): readonly WorkerFrame[] {
    const { firstNumber, frames, count } = batch;
    if (firstNumber === 0) {
      const stray = frames.find((frame) => !mayLackNumber(frame));
      if (stray !== undefined) this.#verdicts.broken("W9", `${nameOf(stray)} came without number`);
      return frames;
    }
    if (firstNumber > this.#expected)
      this.#verdicts.broken("W9", `frame ${firstNumber} came where ${this.#expected} was next`);
    this.#verdicts.met("W9");
    const known = Math.max(0, this.#expected - firstNumber);
    this.#expected = Math.max(this.#expected, firstNumber + count);
    return frames.slice(known);
  }

  #ended(delivery: number, activation: number): void {
    const open = this.#open.get(delivery);
    if (open === undefined)
      this.#verdicts.broken(
        "W14",
        `delivery ${delivery} was ended, but it was not open (any more)`,
      );
    else if (open.activation !== activation)
      this.#verdicts.broken(
        "W14",
        `delivery ${delivery} of activation ${open.activation} was ended in ${activation}`,
      );
    this.#open.delete(delivery);
    this.#verdicts.met("W14");
  }

  #chunk({ delivery, content }: Extract<WorkerFrame, { kind: "reply-chunk" }>): void {
    const open = this.#open.get(delivery);
    if (open === undefined)
      return this.#verdicts.broken("W24", "a chunk came for a delivery that is not open");
    if (open.chunks <= 0 || open.bytes <= 0)
      this.#verdicts.broken(
        "W24",
        `a chunk left with a credit of ${open.chunks} chunks and ${open.bytes} bytes`,
      );
    open.chunks -= 1;
    open.bytes -= content.length;
  }

  #send({ request, activation, parent }: Extract<WorkerFrame, { kind: "send" }>): void {
    if (this.#requests.has(request)) this.#verdicts.broken("W22", `request ${request} came twice`);
    this.#requests.add(request);
    if (this.#open.get(parent)?.activation !== activation)
      this.#verdicts.broken(
        "W22",
        `a send names delivery ${parent} of activation ${activation}, which is not open`,
      );
  }
}

/** What a frame is, for people. */
export function nameOf(frame: WorkerFrame | undefined): string {
  if (frame === undefined) return "nothing";
  if (frame.kind === "control") return frame.control.$case;
  return "content" in frame
    ? `${frame.kind} (${decodeContent(frame.content).messageType})`
    : frame.kind;
}

function mayLackNumber(frame: WorkerFrame): boolean {
  return frame.kind === "control" && UNNUMBERED.includes(frame.control.$case);
}
