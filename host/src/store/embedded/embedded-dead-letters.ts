import { AgentId } from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../../model/dead-letter.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type {
  DeadLetterCounts,
  DeadLetterKey,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetterStore,
  ReplayOrder,
  ReplayPage,
} from "../dead-letter-store.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { fromPlain, toPlain } from "./dead-letter-record.ts";
import type { Pair, PlainLetterName } from "./operations.ts";

/** Dead letters in the file of a data folder. */
export class EmbeddedDeadLetters implements DeadLetterStore {
  readonly #queue: CommitQueue;

  constructor(queue: CommitQueue) {
    this.#queue = queue;
  }

  counts(): Promise<DeadLetterCounts> {
    return this.#queue.ask("countLetters", undefined);
  }

  countOf(namespace: string, name: string, most: number): Promise<number> {
    return this.#queue.ask("countLettersOf", { namespace, name, most });
  }

  add(letter: DeadLetter): Promise<void> {
    return this.#queue.ask("addLetter", toPlain(letter), letter.content.length);
  }

  async list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    const { namespace, filter, cursor, limit } = query;
    const { letters, next } = await this.#queue.ask("listLetters", {
      ...filter,
      ids: filter.ids === undefined ? undefined : [...filter.ids],
      namespace,
      after: readCursor(cursor),
      through: query.through === undefined ? undefined : readCursor(query.through),
      limit,
    });
    return { letters: letters.map(fromPlain), nextCursor: writeCursor(next) };
  }

  async end(): Promise<string> {
    return writeCursor(await this.#queue.ask("lastLetter", undefined));
  }

  async get({
    namespace,
    id,
    target,
    subscription,
  }: DeadLetterKey): Promise<DeadLetter | undefined> {
    const named = target === undefined ? undefined : pairOf(target);
    const question = { namespace, id, target: named, subscription };
    const found = await this.#queue.ask("getLetter", question);
    return found === undefined ? undefined : fromPlain(found);
  }

  remove(letters: readonly DeadLetterName[]): Promise<number> {
    return this.#queue.ask("removeLetters", { letters: letters.map(plainName) });
  }

  dropBefore(unixMs: number): Promise<number> {
    return this.#queue.ask("dropLetters", { before: unixMs });
  }

  startReplays(orders: readonly ReplayOrder[]): Promise<readonly boolean[]> {
    const plain = orders.map(({ letter, to }) => ({ letter: plainName(letter), to: pairOf(to) }));
    return this.#queue.ask("startReplays", { orders: plain });
  }

  async replays(cursor: string, limit: number): Promise<ReplayPage> {
    const question = { after: readCursor(cursor), limit };
    const { replays, next } = await this.#queue.ask("listReplays", question);
    return {
      replays: replays.map(({ letter, to, bytes }) => ({
        letter: { ...letter, target: new AgentId(...letter.target) },
        to: new AgentId(...to),
        bytes,
      })),
      nextCursor: writeCursor(next),
    };
  }

  repark(letter: DeadLetter): Promise<boolean> {
    return this.#queue.ask("reparkLetter", toPlain(letter), letter.content.length);
  }
}

function plainName({ namespace, id, target, subscription }: DeadLetterName): PlainLetterName {
  return { namespace, id, target: pairOf(target), subscription };
}

function pairOf({ type, key }: AgentId): Pair {
  return [type, key];
}
