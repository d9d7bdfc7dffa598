import type { AgentId, Failure, TopicId } from "@agentmesh/proto";
import { TailKind, type TailRequest, type TailResponse } from "@agentmesh/proto/agentmesh/v1";
import { type ContentBytes, toErrorMessage, WireReader } from "@agentmesh/proto/wire";
import type { WorkerSession } from "../../gateway/worker-session.ts";

/** A message as it was seen to pass. It is looked at and forgotten at once: the content belongs to a batch. */
export interface Sighting {
  readonly kind: TailKind;
  readonly namespace: string;
  /** Id of the call or event; 0 for what was refused. */
  readonly id: number;
  readonly sender: AgentId | undefined;
  /** Undefined for a publish. */
  readonly target: AgentId | undefined;
  /** Undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Session that it came from; undefined for a client, or where that is not known. */
  readonly from: WorkerSession | undefined;
  /** Session that it went to; undefined where it went to none. */
  readonly to: WorkerSession | undefined;
  readonly content: ContentBytes;
  readonly failure: Failure | undefined;
}

/** Whether a tail wants to see this. */
export function selects(filter: TailRequest, sighting: Sighting): boolean {
  return (
    (!filter.errorsOnly || sighting.failure !== undefined) &&
    (filter.topicType === "" || sighting.topic?.type === filter.topicType) &&
    (isAgent(filter, sighting.target) || isAgent(filter, sighting.sender)) &&
    (isSession(filter, sighting.to) || isSession(filter, sighting.from))
  );
}

/** The sighting as it is told. */
export function tailMessage(sighting: Sighting, atUnixMs: number): TailResponse {
  const { kind, id, sender, target, topic, content, failure } = sighting;
  return {
    kind,
    id,
    atUnixMs,
    sender: sender && { type: sender.type, key: sender.key },
    target: target && { type: target.type, key: target.key },
    topic: topic && { type: topic.type, source: topic.source },
    sessionId: (sighting.to ?? sighting.from)?.identity.sessionId ?? "",
    messageType: messageTypeOf(content),
    contentBytes: content.length,
    error: failure && toErrorMessage(failure),
    missed: 0,
  };
}

/** What tells a reader of what it missed when nothing else is there to tell. */
export function missedMessage(missed: number, atUnixMs: number): TailResponse {
  return {
    kind: TailKind.UNSPECIFIED,
    id: 0,
    atUnixMs,
    sender: undefined,
    target: undefined,
    topic: undefined,
    sessionId: "",
    messageType: "",
    contentBytes: 0,
    error: undefined,
    missed,
  };
}

function isAgent(filter: TailRequest, agent: AgentId | undefined): boolean {
  const { agentType, agentKey } = filter;
  if (agentType === "" && agentKey === "") return true;
  if (agent === undefined) return false;
  return (
    (agentType === "" || agent.type === agentType) && (agentKey === "" || agent.key === agentKey)
  );
}

function isSession(filter: TailRequest, session: WorkerSession | undefined): boolean {
  const { sessionId, worker } = filter;
  if (sessionId === "" && worker === "") return true;
  if (session === undefined) return false;
  const { identity } = session;
  return (
    (sessionId === "" || identity.sessionId === sessionId) &&
    (worker === "" || identity.name === worker)
  );
}

/** The first field of a content, nearly always; empty when there is none. */
function messageTypeOf(content: ContentBytes): string {
  try {
    const reader = new WireReader(content);
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) return reader.text();
      reader.skip(tag);
    }
  } catch {
    // Whatever the sender sent: the tail shows it without a type.
  }
  return "";
}
