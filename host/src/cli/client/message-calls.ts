/** ClientService as the commands use it. */
import type { AgentId, TopicId } from "@agentmesh/proto";
import {
  type ContentMessage,
  PublishRequest,
  PublishResponse,
  SendRequest,
  SendResponse,
  SendStreamRequest,
  SendStreamResponse,
} from "@agentmesh/proto/agentmesh/v1";
import type { Channel } from "./channel.ts";
import { type ContentRecord, contentRecord } from "./records.ts";

/** A message to send. */
export interface Outgoing {
  readonly messageType: string;
  /** Empty for JSON. */
  readonly contentType: string;
  readonly data: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

const SERVICE = "/agentmesh.v1.ClientService";

/** Asks one agent. @returns its reply; undefined when the handler returned nothing. */
export async function send(
  channel: Channel,
  target: AgentId,
  message: Outgoing,
  timeoutMs: number | undefined,
): Promise<ContentRecord | undefined> {
  const { type, key } = target;
  const request = SendRequest.encode({ target: { type, key }, content: contentOf(message) });
  const bytes = await channel.unary(`${SERVICE}/Send`, request.finish(), timeoutMs);
  const { reply } = SendResponse.decode(bytes);
  return reply && contentRecord(reply);
}

/** Asks one agent that answers with a stream. `timeoutMs` is for the first reply and between replies. */
export async function* sendStream(
  channel: Channel,
  target: AgentId,
  message: Outgoing,
  timeoutMs: number | undefined,
): AsyncGenerator<ContentRecord> {
  const { type, key } = target;
  const request = SendStreamRequest.encode({
    target: { type, key },
    content: contentOf(message),
    chunkTimeoutMs: timeoutMs ?? 0,
  });
  for await (const bytes of channel.stream(`${SERVICE}/SendStream`, request.finish())) {
    const { chunk } = SendStreamResponse.decode(bytes);
    if (chunk !== undefined) yield contentRecord(chunk);
  }
}

/** Offers an event. @returns its id, when the host has accepted it. */
export async function publish(
  channel: Channel,
  topic: TopicId,
  message: Outgoing,
  options: { readonly timeoutMs: number | undefined; readonly dedupId: string; delayMs: number },
): Promise<number> {
  const { type, source } = topic;
  const { timeoutMs, dedupId, delayMs } = options;
  const content = contentOf(message);
  const request = PublishRequest.encode({ topic: { type, source }, content, delayMs, dedupId });
  const bytes = await channel.unary(`${SERVICE}/Publish`, request.finish(), timeoutMs);
  return PublishResponse.decode(bytes).id;
}

function contentOf({ messageType, contentType, data, metadata }: Outgoing): ContentMessage {
  return {
    messageType,
    contentType,
    data,
    traceparent: "",
    tracestate: "",
    metadata: { ...metadata },
    messageId: "",
  };
}
