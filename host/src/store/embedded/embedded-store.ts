/**
 * The store of a host that has a data folder and nothing else: one SQLite file, one thread, one wait for the disk for
 * all that was asked for meanwhile.
 *
 * Why SQLite in libsql, and why a thread: synced appends of 256 B per second, in commits of 1, 100 and 1 000 events, measured
 * on a busy machine of two cores: libsql in a thread of its own 500, 35 000, 64 000; on the event loop 922, 12 000, 28 000;
 * an own file with fdatasync 427, 17 000, 70 000; classic-level 219, 6 600, 14 000. An own log would gain nothing that
 * matters, and would have to prove what SQLite has proven.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { AgentId, failure, MeshError, TopicId } from "@agentmesh/proto";
import { compact } from "../../model/content-copy.ts";
import type { DeadLetterLimits } from "../dead-letter-store.ts";
import type {
  AgentStateStore,
  EventLog,
  LoggedEvent,
  NewEvent,
  Store,
  SubscriptionStore,
} from "../ports.ts";
import { backUp } from "./backup.ts";
import { CommitQueue } from "./commit-queue.ts";
import { EmbeddedDeadLetters } from "./embedded-dead-letters.ts";
import type { Pair, PlainEvent, PlainLoggedEvent } from "./operations.ts";
import { failureOfProblem } from "./store-problem.ts";

/** How much the store of a data folder keeps. */
export interface EmbeddedLimits {
  readonly deadLetters: DeadLetterLimits;
  /** Bytes in use on the disk above which no event is taken. Default: no limit. */
  readonly bytes?: number;
  /** Size up to which a file is looked at as a whole before it is used, which takes about a second. Default: 128 MiB. */
  readonly checkedBytes?: number;
}

const CHECKED_BYTES = 128 * 1024 * 1024;

/**
 * Opens the store of a data folder, which is made when it does not exist. Rejects with `STORE_UNAVAILABLE` when the
 * folder cannot be written or is in use by another host, and when its file is damaged or of an unknown format; then
 * nothing was changed.
 */
export async function openEmbeddedStore(data: string, limits: EmbeddedLimits): Promise<Store> {
  const folder = path.resolve(data);
  await make(folder);
  const { deadLetters, checkedBytes = CHECKED_BYTES } = limits;
  const queue = await CommitQueue.open({ folder, deadLetters, checkedBytes }, limits.bytes);
  const backup = inTurn((target: string) => backUp(queue, folder, target));
  return {
    isDurable: true,
    events: eventLog(queue),
    subscriptions: subscriptionStore(queue),
    publishers: { latest: (limit) => queue.ask("latestMarks", { limit }) },
    numbers: {
      noted: () => queue.ask("notedNumber", undefined),
      note: (number) => queue.ask("noteNumber", { number }),
    },
    states: agentStateStore(queue),
    deadLetters: new EmbeddedDeadLetters(queue),
    usedBytes: () => queue.usedBytes,
    onBroken: (run) => queue.onBroken((problem) => run(new MeshError(failureOfProblem(problem)))),
    backup: (target) => backup(path.resolve(target)),
    close: () => queue.close(),
  };
}

/** One after the other: the file must not change before the one before has copied it. */
function inTurn(act: (target: string) => Promise<void>): (target: string) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (target) => {
    const outcome = last.then(() => act(target));
    last = outcome.catch(() => undefined);
    return outcome;
  };
}

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const text = `${folder} cannot be made: ${detail}`;
    throw new MeshError(failure("STORE_UNAVAILABLE", text, { retryable: false }), { cause: error });
  }
}

function eventLog(queue: CommitQueue): EventLog {
  const appendAll: EventLog["appendAll"] = (partition, added, mark) => {
    const events = added.map(plainEvent);
    const bytes = events.reduce((sum, { content }) => sum + content.length, 0);
    const question = mark === undefined ? { partition, events } : { partition, events, mark };
    return queue.ask("appendEvents", question, bytes);
  };
  return {
    append: (partition, added, mark) => appendAll(partition, [added], mark),
    appendAll,
    last: (partition) => queue.ask("lastEvent", { partition }),
    async read(partition, query) {
      const { events, through } = await queue.ask("readEvents", { ...query, partition });
      return { events: events.map(loggedEvent), through };
    },
    count: (partition, query) => queue.ask("countEvents", { ...query, partition }),
    async trim(partition, through) {
      while (await queue.ask("trimEvents", { partition, through }));
    },
  };
}

function subscriptionStore(queue: CommitQueue): SubscriptionStore {
  return {
    async list() {
      const plain = await queue.ask("listSubscriptions", undefined);
      return plain.map(({ positions, ...rest }) => ({ ...rest, positions: new Map(positions) }));
    },
    create: (subscription, partition, position) =>
      queue.ask("createSubscription", { subscription, partition, position }),
    update: (subscription, revision) => queue.ask("updateSubscription", { subscription, revision }),
    remove: (key, revision) => queue.ask("removeSubscription", { ...key, revision }),
    advance: (key, partition, moved) =>
      queue.ask("advanceSubscription", { ...key, partition, ...moved }),
  };
}

function agentStateStore(queue: CommitQueue): AgentStateStore {
  return {
    async load({ namespace, agent }) {
      const found = await queue.ask("loadState", { namespace, agent: [agent.type, agent.key] });
      if (found === undefined) return undefined;
      const { revision, ...state } = found;
      return { state, revision };
    },
    save({ namespace, agent }, state, revision) {
      const { data } = state;
      const question = { namespace, agent: pairOf(agent), ...state, data: compact(data), revision };
      return queue.ask("saveState", question, data.length);
    },
    remove: ({ namespace, agent }, revision) =>
      queue.ask("removeState", { namespace, agent: pairOf(agent), revision }),
  };
}

function pairOf({ type, key }: AgentId): Pair {
  return [type, key];
}

function plainEvent({ namespace, event }: NewEvent): PlainEvent {
  const { id, topic, sender, resent, acceptedUnixMs } = event;
  return {
    id,
    namespace,
    topic: [topic.type, topic.source],
    sender: sender === undefined ? undefined : pairOf(sender),
    resent,
    acceptedUnixMs,
    // Not a view of the batch that it came with: all of that would go to the thread.
    content: compact(event.content),
  };
}

function loggedEvent(plain: PlainLoggedEvent): LoggedEvent {
  const { sequence, namespace, id, topic, sender, content, resent, acceptedUnixMs, damage } = plain;
  const from = sender === undefined ? undefined : new AgentId(...sender);
  const at = new TopicId(...topic);
  const event = { id, topic: at, content, sender: from, resent, acceptedUnixMs };
  return { sequence, namespace, event, damage };
}
