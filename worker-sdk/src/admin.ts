import { type AgentId, checkAgentType, meshError } from "@agentmesh/proto";
import {
  type DeadLetterFilter,
  drainHost,
  drainWorker,
  getDeadLetter,
  getStatus,
  listAgents,
  listAgentTypes,
  listDeadLetters,
  listSubscriptions,
  listWorkers,
  purgeDeadLetters,
  type Tail,
  type TailFilter,
  tail,
} from "./connection/admin-calls.ts";
import type {
  AgentInfo,
  AgentTypeInfo,
  DeadLetterInfo,
  DeadLetterWithContent,
  DurableSubscriptionInfo,
  HostStatus,
  ReplayResult,
  SubscriptionInfo,
  WorkerInfo,
} from "./connection/admin-records.ts";
import { type HostCalls, reachHosts } from "./connection/host-calls.ts";
import {
  backUp,
  endDurable,
  listDurable,
  type ReplayTarget,
  replayDeadLetters,
} from "./connection/store-calls.ts";
import { type ConnectOptions, resolveConnect } from "./options.ts";
import { boundsOf, type WaitOptions } from "./runtime/patience.ts";
import { checkMs } from "./runtime/turn-options.ts";

/** How long to wait for a host that is looked into. */
export interface AdminCallOptions extends WaitOptions {
  /** Milliseconds until it fails with `DEADLINE_EXCEEDED`, for each page of a list. Default: 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** How long to wait for a worker to drain. */
export interface DrainWorkerOptions extends WaitOptions {
  /** Milliseconds until it fails with `DEADLINE_EXCEEDED`. Default: a day. */
  readonly timeoutMs?: number | undefined;
}

/** How to replay dead letters. */
export interface ReplayOptions extends AdminCallOptions {
  /**
   * Where to deliver instead of the original agents: an agent, or only an agent type for the agents of that type with the
   * original keys. Default: the original agents.
   */
  readonly to?: ReplayTarget | undefined;
}

/** How long to wait for a backup. */
export interface BackUpOptions extends WaitOptions {
  /** Milliseconds until it fails with `DEADLINE_EXCEEDED`; the host goes on with it. Default: a day. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 10_000;
/** A copy takes as long as the disk needs. */
const BACKUP_TIMEOUT_MS = 86_400_000;
/** Agents leave when their turns have ended: that may take its time. */
const DRAIN_TIMEOUT_MS = 86_400_000;

/**
 * Looks into a host and steers it. Lists are of one namespace and are fetched page by page while you iterate. Every
 * method throws a MeshError when the call fails.
 */
export class MeshAdmin implements AsyncDisposable {
  readonly #calls: HostCalls;

  /** Use {@link connectAdmin}. */
  constructor(calls: HostCalls) {
    this.#calls = calls;
  }

  /** How the host is, and what it has counted. */
  async status(options: AdminCallOptions = {}): Promise<HostStatus> {
    return getStatus(this.#calls, boundsOf(options, TIMEOUT_MS));
  }

  /** All workers that are connected or may come back. */
  async workers(options: AdminCallOptions = {}): Promise<WorkerInfo[]> {
    const workers: WorkerInfo[] = [];
    const pages = listWorkers(this.#calls, boundsOf(options, TIMEOUT_MS));
    for await (const worker of pages) workers.push(worker);
    return workers;
  }

  /** The active agents, of one `type` or of all, in no particular order; who is active all the time is listed once. */
  async *agents(
    options: AdminCallOptions & { readonly type?: string | undefined } = {},
  ): AsyncIterable<AgentInfo> {
    yield* listAgents(this.#calls, boundsOf(options, TIMEOUT_MS), options.type ?? "");
  }

  /** The agent types, by name, and what they handle: names without schemas. */
  async *agentTypes(options: AdminCallOptions = {}): AsyncIterable<AgentTypeInfo> {
    yield* listAgentTypes(this.#calls, boundsOf(options, TIMEOUT_MS), "");
  }

  /** One agent type, with the schemas of its messages. @throws MeshError `AGENT_TYPE_UNKNOWN`. */
  async agentType(name: string, options: AdminCallOptions = {}): Promise<AgentTypeInfo> {
    const bounds = boundsOf(options, TIMEOUT_MS);
    checkAgentType(name);
    for await (const type of listAgentTypes(this.#calls, bounds, name)) return type;
    throw meshError("AGENT_TYPE_UNKNOWN", `no worker has announced agent type ${name}`);
  }

  /** The subscriptions, one for each session that declared it. */
  async *subscriptions(options: AdminCallOptions = {}): AsyncIterable<SubscriptionInfo> {
    yield* listSubscriptions(this.#calls, boundsOf(options, TIMEOUT_MS));
  }

  /** The dead letters that `filter` selects, all without one: oldest first, without their messages. */
  async *deadLetters(
    options: AdminCallOptions & { readonly filter?: DeadLetterFilter | undefined } = {},
  ): AsyncIterable<DeadLetterInfo> {
    const bounds = boundsOf(options, TIMEOUT_MS);
    yield* listDeadLetters(this.#calls, bounds, options.filter ?? {});
  }

  /**
   * One dead letter with its message. Name the agent as `target` when several failed on one event.
   * @throws MeshError `NOT_FOUND`.
   */
  async deadLetter(
    id: number,
    options: AdminCallOptions & { readonly target?: AgentId | undefined } = {},
  ): Promise<DeadLetterWithContent> {
    return getDeadLetter(this.#calls, boundsOf(options, TIMEOUT_MS), id, options.target);
  }

  /**
   * Delivers the dead letters that `filter` selects once more, all with the empty filter: as events with their old ids,
   * per agent in the order in which they were parked. Resolves when they are on their way, slice by slice; a letter
   * leaves when its message was handled, and is parked again when that has failed. However often and by whomever it is
   * asked for, a letter that is on its way is delivered once. A letter of a send is delivered as an event, too: nobody
   * waits for its reply.
   * @throws MeshError `INVALID_ARGUMENT` for a target that breaks the grammar, `HOST_DRAINING`, `STORE_UNAVAILABLE`:
   * earlier slices may be on their way then, and asking again is safe.
   */
  async replayDeadLetters(
    filter: DeadLetterFilter,
    options: ReplayOptions = {},
  ): Promise<ReplayResult> {
    const bounds = boundsOf(options, TIMEOUT_MS);
    return replayDeadLetters(this.#calls, bounds, filter, options.to);
  }

  /** The durable subscriptions in the order of their names, and how far each is. */
  async *durableSubscriptions(
    options: AdminCallOptions = {},
  ): AsyncIterable<DurableSubscriptionInfo> {
    yield* listDurable(this.#calls, boundsOf(options, TIMEOUT_MS));
  }

  /**
   * Ends a durable subscription for good: what it has not handled goes, its dead letters stay.
   * @throws MeshError `SUBSCRIPTION_UNKNOWN`.
   */
  async endDurableSubscription(name: string, options: AdminCallOptions = {}): Promise<void> {
    await endDurable(this.#calls, boundsOf(options, TIMEOUT_MS), name);
  }

  /**
   * Copies everything that the host keeps into a folder of its machine, as it is at one moment, while work goes on. A
   * host that starts with the copy as its data folder goes on from there. `folder` is an absolute path; it must not exist
   * or be empty.
   * @throws MeshError `INVALID_ARGUMENT`, `STORE_UNAVAILABLE` when it cannot be written, `UNIMPLEMENTED` for a host
   * without data folder.
   */
  async backUp(folder: string, options: BackUpOptions = {}): Promise<void> {
    await backUp(this.#calls, boundsOf(options, BACKUP_TIMEOUT_MS), folder);
  }

  /** Removes dead letters for good; the empty filter removes all. @returns how many. */
  async purgeDeadLetters(
    filter: DeadLetterFilter,
    options: AdminCallOptions = {},
  ): Promise<number> {
    return purgeDeadLetters(this.#calls, boundsOf(options, TIMEOUT_MS), filter);
  }

  /**
   * Follows messages as they pass, from now on. Who reads too slowly misses some and is told how many; the mesh never
   * waits for it.
   */
  tail(filter: TailFilter = {}, options: { readonly signal?: AbortSignal | undefined } = {}): Tail {
    return tail(this.#calls, filter, options.signal);
  }

  /**
   * Moves the agents off the worker of a session and resolves when the last one has gone. The worker stays connected and
   * gets no agents any more. Who gives up waiting does not take the drain back.
   * @throws MeshError `NOT_FOUND`.
   */
  async drainWorker(sessionId: string, options: DrainWorkerOptions = {}): Promise<void> {
    await drainWorker(this.#calls, boundsOf(options, DRAIN_TIMEOUT_MS), sessionId);
  }

  /** Begins to drain the host, which then ends. `graceMs`: time for work in flight. Default: the host's. */
  async drainHost(
    options: AdminCallOptions & { readonly graceMs?: number | undefined } = {},
  ): Promise<void> {
    const { graceMs } = options;
    const asked = graceMs === undefined ? 0 : checkMs("graceMs", graceMs);
    await drainHost(this.#calls, boundsOf(options, TIMEOUT_MS), asked);
  }

  /** Ends the connection; calls that are open fail with `CLOSED`, and may have been executed. Idempotent. */
  async close(): Promise<void> {
    this.#calls.close();
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
  const calls = await reachHosts(resolved);
  return new MeshAdmin(calls);
}
