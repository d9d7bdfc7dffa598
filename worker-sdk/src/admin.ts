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
import { type ClientOptions, resolveClient } from "./options.ts";

/** Looks into a host. Lists are of one namespace. Every method throws a MeshError when the call fails. */
export class MeshAdmin implements AsyncDisposable {
  readonly #channel: UnaryChannel;

  /** Use {@link connectAdmin}. */
  constructor(channel: UnaryChannel) {
    this.#channel = channel;
  }

  /** How the host is, and what it has counted. */
  status(): Promise<HostStatus> {
    return getStatus(this.#channel);
  }

  /** All workers that are connected or may come back. */
  workers(): Promise<WorkerInfo[]> {
    return listWorkers(this.#channel);
  }

  /** The dead letters, oldest first; they are fetched page by page while you iterate. */
  deadLetters(): AsyncIterable<DeadLetterInfo> {
    return listDeadLetters(this.#channel);
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
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong, `CONNECTION_LOST` when no host answers in time.
 */
export async function connectAdmin(options: ClientOptions = {}): Promise<MeshAdmin> {
  const resolved = resolveClient(options, process.env);
  const access = await openAccess(resolved.tls, resolved.token);
  const headers = { [METADATA.namespace]: resolved.namespace };
  const channel = new UnaryChannel(new Route(resolved.addresses), access, headers);
  try {
    await channel.ready(resolved.connectTimeoutMs);
  } catch (error) {
    channel.close();
    throw error;
  }
  return new MeshAdmin(channel);
}
