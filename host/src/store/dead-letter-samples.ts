/** Letters and questions that the cases of `deadLetterCases` are made of. */
import assert from "node:assert/strict";
import { agentId, failure } from "@agentmesh/proto";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { DeadLetterFilter, DeadLetterLimits, DeadLetterStore } from "./dead-letter-store.ts";

/** Makes an empty store with these limits. */
export type CreateDeadLetterStore = (
  limits: DeadLetterLimits,
) => DeadLetterStore | Promise<DeadLetterStore>;

/** Limits that no case reaches. */
export const PLENTY: DeadLetterLimits = { count: 100_000, bytes: 1 << 30 };

/** A letter about message `id`, for tests. */
export function sampleLetter(id: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    namespace: "default",
    target: agentId("worker", "1"),
    sender: undefined,
    topic: undefined,
    failure: failure("HANDLER_FAILED", "no"),
    attempts: 1,
    crashes: 0,
    firstDeliveredUnixMs: 0,
    lastDeliveredUnixMs: 0,
    acceptedUnixMs: 1_000 + id,
    parkedUnixMs: 2_000 + id,
    subscription: "",
    traceId: "",
    replays: 0,
    replayTarget: undefined,
    messageType: "demo.Ask",
    payloadBytes: 0,
    content: new Uint8Array(0),
    ...changes,
  };
}

/** Ids of all letters that the filter selects, page by page. */
export async function idsOf(
  store: DeadLetterStore,
  filter: DeadLetterFilter = {},
  namespace = "default",
  limit = 10,
): Promise<number[]> {
  const ids: number[] = [];
  let cursor = "";
  do {
    const page = await store.list({ namespace, filter, cursor, limit });
    assert.ok(page.letters.length <= limit, "a page holds at most `limit` letters");
    ids.push(...page.letters.map((letter) => letter.id));
    assert.ok(page.nextCursor === "" || page.nextCursor !== cursor, "a cursor moves on");
    cursor = page.nextCursor;
  } while (cursor !== "");
  return ids;
}

/** A store that holds these letters, in this order. */
export async function filled(
  create: CreateDeadLetterStore,
  letters: readonly DeadLetter[],
  limits: DeadLetterLimits = PLENTY,
): Promise<DeadLetterStore> {
  const store = await create(limits);
  await Promise.all(letters.map((letter) => store.add(letter)));
  return store;
}

/** Letters with the ids 1 to `count`. */
export function numbered(count: number): DeadLetter[] {
  return Array.from({ length: count }, (_, index) => sampleLetter(index + 1));
}
