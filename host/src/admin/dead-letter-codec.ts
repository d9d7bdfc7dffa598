import { type AgentId, errorCodeOf } from "@agentmesh/proto";
import {
  type AgentIdMessage,
  ContentMessage,
  type DeadLetter as DeadLetterMessage,
  type ListDeadLettersRequest,
} from "@agentmesh/proto/agentmesh/v1";
import { toErrorMessage } from "@agentmesh/proto/wire";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { DeadLetterFilter } from "../store/dead-letter-store.ts";

/** A dead letter as people see it; in lists without its payload. */
export function deadLetterMessage(letter: DeadLetter, withContent: boolean): DeadLetterMessage {
  const { sender, target, topic } = letter;
  return {
    id: letter.id,
    target: { type: target.type, key: target.key },
    sender: agentMessage(sender),
    topic: topic === undefined ? undefined : { type: topic.type, source: topic.source },
    error: toErrorMessage(letter.failure),
    attempts: letter.attempts,
    crashes: letter.crashes,
    firstDeliveredUnixMs: letter.firstDeliveredUnixMs,
    lastDeliveredUnixMs: letter.lastDeliveredUnixMs,
    acceptedUnixMs: letter.acceptedUnixMs,
    parkedUnixMs: letter.parkedUnixMs,
    subscription: letter.subscription,
    messageType: letter.messageType,
    payloadBytes: letter.payloadBytes,
    content: withContent && letter.content.length > 0 ? contentOf(letter.content) : undefined,
    traceId: letter.traceId,
    replays: letter.replays,
    replayTarget: agentMessage(letter.replayTarget),
  };
}

/** What a request selects. */
export function filterOf(message: ListDeadLettersRequest["filter"]): DeadLetterFilter {
  if (message === undefined) return {};
  return {
    ...(message.agentType === "" ? {} : { agentType: message.agentType }),
    ...(message.agentKey === "" ? {} : { agentKey: message.agentKey }),
    ...(message.topicType === "" ? {} : { topicType: message.topicType }),
    ...(message.code === 0 ? {} : { code: errorCodeOf(message.code) }),
    ...(message.sinceUnixMs === 0 ? {} : { sinceUnixMs: message.sinceUnixMs }),
    ...(message.untilUnixMs === 0 ? {} : { untilUnixMs: message.untilUnixMs }),
    ...(message.ids.length === 0 ? {} : { ids: new Set(message.ids) }),
    ...(message.subscription === "" ? {} : { subscription: message.subscription }),
  };
}

/** An agent as it is told; undefined when there is none. */
export function agentMessage(agent: AgentId | undefined): AgentIdMessage | undefined {
  return agent === undefined ? undefined : { type: agent.type, key: agent.key };
}

/** The content is whatever the sender sent: when it is not one, its bytes are shown as the data of an unnamed one. */
function contentOf(bytes: Uint8Array): ContentMessage {
  try {
    return ContentMessage.decode(bytes);
  } catch {
    return {
      messageType: "",
      contentType: "application/octet-stream",
      data: Buffer.from(bytes),
      traceparent: "",
      tracestate: "",
      metadata: {},
      messageId: "",
    };
  }
}
