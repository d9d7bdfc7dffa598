import { METADATA } from "@agentmesh/proto";
import { openAccess } from "./connection/access.ts";
import { Route } from "./connection/addresses.ts";
import {
  type DeadLetterInfo,
  getStatus,
  type HostStatus,
  listDeadLetters,
  listWorkers,
  type WorkerInfo,
} from "./connection/admin-calls.ts";
import { UnaryChannel } from "./connection/unary-channel.ts";
import { type ConnectOptions, resolveConnect } from "./options.ts";
import { boundsOf, type WaitOptions } from "./runtime/patience.ts";

/** How long to wait for a host that is looked into. */
export interface AdminCallOptions extends WaitOptions {
  /** Milliseconds until it fails with `DEADLINE_EXCEEDED`, for each page of a list. Default: 10 000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Looks into a host. Lists are of one namespace. Every method throws a MeshError when the call fails. */
export class MeshAdmin implements AsyncDisposable {
  readonly #channel: UnaryChannel;

  /** Use {@link connectAdmin}. */
  constructor(channel: UnaryChannel) {
    this.#channel = channel;
  }

  /** How the host is, and what it has counted. */
  async status(options: AdminCallOptions = {}): Promise<HostStatus> {
    return getStatus(this.#channel, boundsOf(options, TIMEOUT_MS));
  }

  /** All workers that are connected or may come back. */
  async workers(options: AdminCallOptions = {}): Promise<WorkerInfo[]> {
    return listWorkers(this.#channel, boundsOf(options, TIMEOUT_MS));
  }

  /** The dead letters, oldest first; they are fetched page by page while you iterate. */
  async *deadLetters(options: AdminCallOptions = {}): AsyncIterable<DeadLetterInfo> {
    yield* listDeadLetters(this.#channel, boundsOf(options, TIMEOUT_MS));
  }

  /** Ends the connection. Idempotent. */
  async close(): Promise<void> {
    this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Connects to a host to look into it.
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong, `CONNECTION_LOST` when no host answers in time, `CANCELLED`
 * when the signal fires before.
 */
export async function connectAdmin(options: ConnectOptions = {}): Promise<MeshAdmin> {
  const resolved = resolveConnect(options, process.env);
  const access = await openAccess(resolved.tls, resolved.token);
  const headers = { [METADATA.namespace]: resolved.namespace };
  const channel = new UnaryChannel(new Route(resolved.addresses), access, headers, resolved.clock);
  try {
    await channel.ready(resolved.connectTimeoutMs, resolved.signal);
  } catch (error) {
    channel.close();
    throw error;
  }
  return new MeshAdmin(channel);
}
