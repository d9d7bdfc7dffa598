/**
 * The messages of ClientService with their contents as opaque bytes, so that the host reads no payload here either.
 * Tags are `field << 3 | wire type` of client.proto.
 */
import { AgentId, MeshError, TopicId } from "@agentmesh/proto";
import {
  type ContentBytes,
  NO_CONTENT,
  readAgentId,
  readTopicId,
  WireReader,
  WireWriter,
} from "@agentmesh/proto/wire";

/** SendRequest and SendStreamRequest. */
export interface ClientSend {
  readonly target: AgentId;
  readonly content: ContentBytes;
  /** Only in SendStreamRequest. */
  readonly chunkTimeoutMs: number;
}

/** PublishRequest. */
export interface ClientPublish {
  readonly topic: TopicId;
  readonly content: ContentBytes;
  readonly delayMs: number;
  readonly dedupId: string;
}

/** What a request was read as. A decoder that threw would end the call with a status that says nothing. */
export type Decoded<Message> = Message | { readonly malformed: string };

/** Reads a SendRequest or SendStreamRequest. */
export function readClientSend(bytes: Buffer): Decoded<ClientSend> {
  return attempt(() => {
    const reader = new WireReader(bytes);
    let target = new AgentId("", "");
    let content = NO_CONTENT;
    let chunkTimeoutMs = 0;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) target = readAgentId(reader);
      else if (tag === 0x12) content = reader.bytes();
      else if (tag === 0x18) chunkTimeoutMs = reader.uint32();
      else reader.skip(tag);
    }
    return { target, content, chunkTimeoutMs };
  });
}

/** Reads a PublishRequest. */
export function readClientPublish(bytes: Buffer): Decoded<ClientPublish> {
  return attempt(() => {
    const reader = new WireReader(bytes);
    let topic = new TopicId("", "");
    let content = NO_CONTENT;
    let delayMs = 0;
    let dedupId = "";
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) topic = readTopicId(reader);
      else if (tag === 0x12) content = reader.bytes();
      else if (tag === 0x18) delayMs = reader.varint();
      else if (tag === 0x22) dedupId = reader.text();
      else reader.skip(tag);
    }
    return { topic, content, delayMs, dedupId };
  });
}

/** Writes a SendResponse or SendStreamResponse: one optional Content. */
export function writeClientReply(content: ContentBytes | undefined): Buffer {
  const writer = new WireWriter();
  if (content !== undefined) writer.bytes(0x0a, content);
  return writer.copy();
}

/** Writes a PublishResponse. */
export function writeClientAccepted(id: number): Buffer {
  const writer = new WireWriter();
  writer.number(0x08, id);
  return writer.copy();
}

function attempt<Message>(read: () => Message): Decoded<Message> {
  try {
    return read();
  } catch (error) {
    return { malformed: error instanceof MeshError ? error.message : String(error) };
  }
}
