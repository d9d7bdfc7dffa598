/** A host in this process on a free port, with scripted peers that go when it goes. */
import { createHost, type Host, type HostEnvironment, type HostOptions } from "@agentmesh/host";
import type { Clock } from "@agentmesh/proto";
import type { GetStatusResponse } from "@agentmesh/proto/agentmesh/v1";
import { FakeClock } from "@agentmesh/proto/testing";
import { onTestFinished } from "vitest";
import { RawClient } from "./raw-client.ts";
import { RawStream } from "./raw-stream.ts";
import { RawWorker, type RawWorkerOptions } from "./raw-worker.ts";
import { openSockets } from "./sockets.ts";
import { eventually, until } from "./waiting.ts";

export interface TestHost {
  readonly host: Host;
  /** `host:port` that it listens on. */
  readonly address: string;
  /** For ClientService and AdminService. */
  readonly client: RawClient;
  /** Connects a scripted worker that announces these agent types. */
  worker(types?: readonly string[], options?: RawWorkerOptions): Promise<RawWorker>;
  /** A scripted worker that has not said Hello yet. */
  stranger(options?: RawWorkerOptions): RawWorker;
  /** A bare stream whose batches nobody reads. */
  stream(): RawStream;
  /** Asks the host for its status until it is as wanted. */
  untilStatus(
    isWanted: (status: GetStatusResponse) => boolean,
    what: string,
  ): Promise<GetStatusResponse>;
  /** One counter of the host. */
  counter(name: string): Promise<number>;
  /** Closes peers and host, and fails when a socket or a timer of theirs is left. Idempotent. */
  close(): Promise<void>;
}

type HostLog = NonNullable<HostEnvironment["log"]>;

const WHEEL_MS = 20;

/** Hosts of this process that are open; sockets are counted before the first and after the last. */
let hostsOpen = 0;
let socketsBefore = 0;

/** Starts a host for the test that runs; it is closed when the test ends. */
export async function hostForTest(
  options: HostOptions = {},
  clock?: Clock,
  log?: HostLog,
): Promise<TestHost> {
  const started = await startHost(options, clock, log);
  onTestFinished(() => started.close());
  return started;
}

/** Starts a host; whoever starts it closes it. */
export async function startHost(
  options: HostOptions = {},
  clock?: Clock,
  log?: HostLog,
): Promise<TestHost> {
  if (hostsOpen === 0) socketsBefore = openSockets();
  hostsOpen++;
  const quiet = { listen: "127.0.0.1:0", logLevel: "silent", ...options } as const;
  const host = await createHost(quiet, {
    ...(clock === undefined ? {} : { clock }),
    ...(log === undefined ? {} : { log }),
  });
  const workers: RawWorker[] = [];
  const streams: RawStream[] = [];
  const client = new RawClient(host.address);
  const stranger = (workerOptions?: RawWorkerOptions): RawWorker => {
    const worker = new RawWorker(host.address, workerOptions);
    workers.push(worker);
    return worker;
  };
  const close = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all(streams.map((stream) => stream.end ?? stream.cut()));
    client.close();
    await host.close();
    hostsOpen--;
    if (hostsOpen === 0) await until(() => openSockets() <= socketsBefore, "all sockets to close");
    // The wheel of deadlines looks once more before it stops.
    if (clock instanceof FakeClock) clock.advance(WHEEL_MS);
    if (clock instanceof FakeClock && clock.pending > 0)
      throw new Error(`${clock.pending} timers of the host are left`);
  };
  let closed: Promise<void> | undefined;
  return {
    host,
    address: host.address,
    client,
    stranger,
    async worker(types = [], workerOptions = {}) {
      const worker = stranger({ types, ...workerOptions });
      await worker.open();
      return worker;
    },
    stream() {
      const stream = new RawStream(host.address, { onBatch: () => {}, onEnd: () => {} });
      streams.push(stream);
      return stream;
    },
    untilStatus: (isWanted, what) => eventually(() => client.status(), isWanted, what),
    async counter(name) {
      const { counters } = await client.status();
      return counters[name] ?? 0;
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}
