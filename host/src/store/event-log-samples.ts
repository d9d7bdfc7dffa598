/** Events that the cases of stores are made of. */
import { TopicId } from "@agentmesh/proto";
import type { PublishedEvent } from "../model/event.ts";
import {
  type EventLog,
  type EventQuery,
  type LoggedEvent,
  type NewEvent,
  ONLY_PARTITION,
} from "./ports.ts";

/** Event `id` of topic `type/source`, for tests. */
export function sampleEvent(
  id: number,
  topic = "news/today",
  changes: Partial<PublishedEvent> & { readonly namespace?: string } = {},
): NewEvent {
  const [type = "", source = ""] = topic.split("/");
  const { namespace = "default", ...fields } = changes;
  const event: PublishedEvent = {
    id,
    topic: new TopicId(type, source),
    content: Uint8Array.of(id & 255, id >> 8),
    sender: undefined,
    resent: false,
    acceptedUnixMs: 1_000 + id,
    ...fields,
  };
  return { namespace, event };
}

/** Asks for all events of the topic type `news` unless told otherwise. */
export function newsQuery(changes: Partial<EventQuery> = {}): EventQuery {
  return {
    namespace: "default",
    match: { kind: "exact", text: "news" },
    after: 0,
    through: Number.MAX_SAFE_INTEGER / 2 ** 10,
    limit: 10,
    ...changes,
  };
}

/** All events that a query selects up to the end of the log, page by page. */
export async function readAll(
  log: EventLog,
  changes: Partial<EventQuery> = {},
  partition = ONLY_PARTITION,
): Promise<LoggedEvent[]> {
  const through = await log.last(partition);
  const found: LoggedEvent[] = [];
  let after = changes.after ?? 0;
  while (after < through) {
    const query = newsQuery({ ...changes, after, through });
    const page = await log.read(partition, query);
    if (page.through <= after) throw new Error("a page must move on");
    found.push(...page.events);
    after = page.through;
  }
  return found;
}

/** The ids of all events that a query selects. */
export async function idsIn(
  log: EventLog,
  changes: Partial<EventQuery> = {},
  partition = ONLY_PARTITION,
): Promise<number[]> {
  return (await readAll(log, changes, partition)).map(({ event }) => event.id);
}
