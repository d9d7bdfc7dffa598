import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { openAccess } from "./connection/access.ts";
import { Route } from "./connection/addresses.ts";
import { Backoff } from "./connection/backoff.ts";
import { NO_TAP, type Tap } from "./connection/mesh-port.ts";
import { MeshUplink } from "./connection/mesh-uplink.ts";
import { type ResolvedWorker, resolveWorker, type WorkerOptions } from "./options.ts";
import { RuntimeCore } from "./runtime/core.ts";
import { AgentRuntime } from "./runtime/runtime.ts";
import { SDK } from "./sdk.ts";

/** Milliseconds for a host to welcome a stream, before another one is tried. */
const HANDSHAKE_MS = 5_000;

/** A runtime that is part of a mesh. It stays connected until it is drained or closed. */
export class Worker extends AgentRuntime {
  /** Label for people, as it was given to `connectWorker`. */
  readonly name: string;
  /** Identity of this worker, the same over all its connections. */
  readonly instanceId: string;

  /** Use {@link connectWorker}. */
  constructor(core: RuntimeCore, name: string, instanceId: string) {
    super(core);
    this.name = name;
    this.instanceId = instanceId;
  }
}

/**
 * Joins a mesh. Resolves when a host has welcomed the worker; from then on it reconnects by itself, and the process
 * stays alive until the worker is closed.
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong; `UNAUTHENTICATED`, `FORBIDDEN`, `VERSION_UNSUPPORTED` and
 * others when a host refuses; `CONNECTION_LOST` when none answers within `connectTimeoutMs`; `CANCELLED` when the signal
 * fires before.
 */
export function connectWorker(options: WorkerOptions = {}): Promise<Worker> {
  return joinMesh(options, NO_TAP);
}

/** {@link connectWorker} with something between the worker and its host. */
export async function joinMesh(options: WorkerOptions, tap: Tap): Promise<Worker> {
  const resolved = resolveWorker(options, process.env, `${hostname()}/${process.pid}`);
  const instanceId = randomUUID();
  const access = await openAccess(resolved);
  const identity = identityOf(resolved, instanceId);
  const { clock, random, addresses } = resolved;
  const route = new Route(addresses);
  const backoff = new Backoff({ random });
  const handshakeMs = HANDSHAKE_MS;
  let uplink: MeshUplink | undefined;
  const core = new RuntimeCore(resolved, (runtime) =>
    tap(runtime, (downlink) => {
      uplink = new MeshUplink({ clock, route, backoff, access, identity, handshakeMs }, downlink);
      return uplink;
    }),
  );
  if (uplink === undefined)
    throw new Error("what is between a worker and its host must connect them");
  await uplink.open(resolved.connectTimeoutMs, resolved.signal);
  return new Worker(core, resolved.name, instanceId);
}

function identityOf(worker: ResolvedWorker, instanceId: string) {
  const { namespace, name, labels, maxInFlight } = worker;
  return {
    namespace,
    name,
    instanceId,
    labels,
    maxInFlight,
    sdkName: SDK.name,
    sdkVersion: SDK.version,
  };
}
