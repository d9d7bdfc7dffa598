/**
 * Where a case meets the worker: one process, one session at a time. A case finds a session that is open, and may leave it
 * broken: the next one waits for the worker to come back.
 */
import { ParcelFields, ScatterFields, UnpackFields } from "@agentmesh/examples/courier";
import type { Hello } from "@agentmesh/proto/agentmesh/v1";
import type { Ending } from "@agentmesh/proto/wire";
import { Journal } from "../support/journal.ts";
import { FakeHost, type WorkerStream } from "./fake-host.ts";
import { HostSession, Numbers } from "./host-session.ts";
import type { Errand } from "./host-words.ts";
import { WorkerRules } from "./traffic-rules.ts";
import type { Verdicts } from "./verdicts.ts";
import { WorkerProcess } from "./worker-process.ts";

/** Milliseconds that a worker may take to start, or to come back: after many broken streams it waits longer and longer. */
const CONNECT_MS = 20_000;
const PARCEL = "courier.v1.Parcel";
const UNPACK = "courier.v1.Unpack";
const SCATTER = "courier.v1.Scatter";
/** Credit in bytes that does not limit anything here. */
const MANY_BYTES = 1_048_576;
const EMPTY = ParcelFields.decode(new Uint8Array());
/** What a parcel of the runner is sent on to; the runner answers in its place. */
export const ELSEWHERE = "elsewhere";

/** A worker that has said Hello and waits for an answer. */
export interface Greeting {
  readonly stream: WorkerStream;
  readonly hello: Hello;
  /** What it says that it has received. */
  readonly receivedThrough: number;
}

export class Stage implements AsyncDisposable {
  readonly limitMs: number;
  readonly #command: string;
  readonly #rules: WorkerRules;
  readonly #numbers = new Numbers();
  #greetings = new Journal<Greeting>("the worker's streams");
  #greeted = 0;
  #session: HostSession | undefined;
  #worker: WorkerProcess | undefined;
  #host: FakeHost | undefined;

  private constructor(command: string, limitMs: number, verdicts: Verdicts) {
    this.#command = command;
    this.limitMs = limitMs;
    this.#rules = new WorkerRules(verdicts);
  }

  static async open(command: string, limitMs: number, verdicts: Verdicts): Promise<Stage> {
    const stage = new Stage(command, limitMs, verdicts);
    stage.#host = await FakeHost.start((stream) => stage.#accept(stream));
    return stage;
  }

  /** A session that is open. */
  async session(): Promise<HostSession> {
    if (this.#session?.isOpen) return this.#session;
    return this.welcome(await this.greeting());
  }

  /** The next stream whose Hello has come. Starts the worker when it does not run. */
  async greeting(): Promise<Greeting> {
    this.#start();
    const greeting = await this.#greetings.first(() => true, "a stream with Hello", {
      from: this.#greeted,
      limitMs: Math.max(CONNECT_MS, this.limitMs),
    });
    this.#greeted = this.#greetings.entries.indexOf(greeting) + 1;
    return greeting;
  }

  /** Opens a new session. */
  welcome(
    { stream, hello }: Greeting,
    fields: Parameters<HostSession["welcome"]>[0] = {},
  ): HostSession {
    this.#session = new HostSession(stream, hello, this.#rules, this.#numbers, this.limitMs);
    this.#session.welcome(fields);
    return this.#session;
  }

  /** Asks the worker's process to leave. */
  terminate(): void {
    this.#worker?.terminate();
  }

  /** Ends the session, if there is one, so that the next case begins with another. */
  discard(): void {
    if (this.#session?.isOpen) this.#session.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.stop();
    await this.#host?.[Symbol.asyncDispose]();
  }

  #start(): void {
    if (
      this.#host === undefined ||
      (this.#worker !== undefined && this.#worker.ended === undefined)
    )
      return;
    this.#rules.startAnew();
    this.#greetings = new Journal("the worker's streams");
    this.#greeted = 0;
    const greetings = this.#greetings;
    this.#worker = new WorkerProcess(this.#command, this.#host.address, (how) =>
      greetings.close(how),
    );
  }

  #accept(stream: WorkerStream): void {
    stream.onBatch = (bytes) => {
      stream.onBatch = () => this.#rules.verdicts.broken("W1", "a batch came before Welcome");
      const batch = this.#rules.read(bytes);
      const hello = batch && this.#rules.greeting(batch);
      if (hello === undefined) stream.cut();
      else this.#greetings.add({ stream, hello, receivedThrough: batch?.receivedThrough ?? 0 });
    };
  }
}

/** Refuses a stream as a host does that is not ready. */
export function refuse({ stream }: Greeting): void {
  stream.cut();
}

/** A parcel for an agent. `isRouted` lets it be sent on to {@link ELSEWHERE}, so that its turn waits. */
export function parcel(number: number, isRouted = false): Errand {
  return { messageType: PARCEL, data: encodeParcel(number, isRouted ? [ELSEWHERE] : []) };
}

/** A parcel of which this many copies are to be published outside of the turn. */
export function scattering(copies: number): Errand {
  const parcel = { ...EMPTY, number: 1, weightGrams: 1 };
  return { messageType: SCATTER, data: ScatterFields.encode({ parcel, copies }).finish() };
}

/** What lets a turn wait: two pieces, and credit for one of them. {@link HostSession.more} lets it go on. */
export function waiting(): Errand {
  return unpacking(2, 1, MANY_BYTES);
}

/** A parcel that is to be unpacked into a stream of this many. */
export function unpacking(pieces: number, chunks: number, bytes = MANY_BYTES): Errand {
  const whole = { ...EMPTY, number: 1, weightGrams: 1 };
  const data = UnpackFields.encode({ parcel: whole, pieces }).finish();
  return { messageType: UNPACK, data, chunks, bytes };
}

/** What is no parcel. */
export const BROKEN_PARCEL: Errand = { messageType: PARCEL, data: Buffer.from([0xff]) };

function encodeParcel(number: number, route: string[]): Uint8Array {
  return ParcelFields.encode({ ...EMPTY, number, weightGrams: 1, route }).finish();
}

/** Whether an ending is a failure with this code whose handler did not run. */
export function isRefusal(ending: Ending | "postponed", code: string): boolean {
  return (
    ending !== "postponed" &&
    ending.kind === "failed" &&
    ending.failure.code === code &&
    ending.failure.outcome === "not-executed"
  );
}
