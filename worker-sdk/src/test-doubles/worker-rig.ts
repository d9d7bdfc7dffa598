import { agentId } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import type { DeliverFrame, HostControl } from "@agentmesh/proto/wire";
import { defineAgent } from "../agent/define-agent.ts";
import type { WorkerOptions } from "../options.ts";
import type { RuntimeStatus } from "../runtime/status.ts";
import { connectWorker, type Worker } from "../worker.ts";
import { FakeHost, type FakeStream } from "./fake-host.ts";
import { Note } from "./messages.ts";
import { jsonContent } from "./scripted-mesh.ts";

/** Workers, their time, and a host that says what the test tells it to. */
export class WorkerRig {
  readonly clock = new FakeClock();
  readonly host: FakeHost;
  readonly #workers: Worker[] = [];

  private constructor(host: FakeHost) {
    this.host = host;
  }

  static async start(): Promise<WorkerRig> {
    return new WorkerRig(await FakeHost.start());
  }

  /** Closes the workers and the host. */
  async stop(): Promise<void> {
    for (const worker of this.#workers) {
      let isClosed = false;
      const closed = worker.close().then(() => {
        isClosed = true;
      });
      // The fake host ends no stream by itself: the time for that must pass.
      while (!isClosed) {
        await new Promise((resolve) => setImmediate(resolve));
        this.clock.advance(1_000);
      }
      await closed;
    }
    await this.host[Symbol.asyncDispose]();
  }

  /** Lets {@link stop} close a worker. */
  adopt(worker: Worker): void {
    this.#workers.push(worker);
  }

  /** Connects a worker and welcomes it. */
  async connected(
    options: WorkerOptions = {},
    welcome: Parameters<FakeStream["welcome"]>[0] = {},
  ): Promise<{ worker: Worker; stream: FakeStream }> {
    const { clock, host } = this;
    const connecting = connectWorker({ host: host.address, clock, random: () => 0.5, ...options });
    const stream = await host.stream();
    stream.welcome(welcome);
    const worker = await connecting;
    this.adopt(worker);
    return { worker, stream };
  }

  /** Breaks the stream and waits until the worker knows. */
  async cut(worker: Worker, stream: FakeStream): Promise<void> {
    stream.end();
    await until(worker, isKind("suspended"));
  }

  /** The stream that follows one that broke. */
  nextStream(): Promise<FakeStream> {
    this.clock.advance(0);
    return this.host.stream();
  }

  /** Registers an agent type for `Note` whose handler is given; the host agrees. */
  async registered(
    worker: Worker,
    stream: FakeStream,
    handle: (n: number, signal: AbortSignal) => void | Promise<void>,
  ): Promise<void> {
    const definition = defineAgent("worker", {
      handlers: (on) => [on(Note, ({ n }, ctx) => handle(n, ctx.signal))],
    });
    const registering = worker.register(definition);
    const { request } = (await stream.controlOf("registerAgentType")).value;
    stream.sayControl(agree(request));
    await registering;
  }
}

/** The host carries a question out. */
export function agree(request: number): HostControl {
  return { $case: "answer", value: { request, error: undefined } };
}

/** Waits until the status of a worker is as wanted. */
export async function until(
  worker: Worker,
  isWanted: (status: RuntimeStatus) => boolean,
): Promise<RuntimeStatus> {
  for await (const status of worker.status) if (isWanted(status)) return status;
  throw new Error("the worker was closed before");
}

/** Whether a status is of a kind. */
export function isKind(kind: RuntimeStatus["kind"]): (status: RuntimeStatus) => boolean {
  return (status) => status.kind === kind;
}

/** A `Note` for the agent `worker/k`. */
export function noteDelivery(delivery: number, n: number, activation = 1): DeliverFrame {
  return {
    kind: "deliver",
    delivery,
    activation,
    target: agentId("worker", "k"),
    content: jsonContent("test.Note", { n }),
    sender: undefined,
    timeoutMs: 0,
    id: delivery,
    attempt: 1,
    reenters: 0,
    streamChunks: 0,
    streamBytes: 0,
  };
}
