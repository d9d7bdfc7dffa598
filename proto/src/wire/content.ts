/** Content: the part of a message that only its two ends read. */
import { Content as ContentMessage } from "../../gen/agentmesh/v1/content.ts";
import { WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** A message between agents, apart from its addressing. */
export interface Content {
  /** Name of the message type. */
  readonly messageType: string;
  /** Media type of `data`; empty means `application/json`. */
  readonly contentType: string;
  /** The encoded message. */
  readonly data: Uint8Array;
  /** W3C trace context; empty without tracing. */
  readonly traceparent: string;
  /** W3C trace state; empty without tracing. */
  readonly tracestate: string;
  /** Pairs for the application's own use; undefined when there are none. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Id chosen by the sender; empty when the host's id stands. */
  readonly messageId: string;
}

const writer = new WireWriter();

/** Encodes a content. */
export function encodeContent(content: Content): Uint8Array {
  if (content.metadata !== undefined) return encodeWithMetadata(content, content.metadata);
  writer.reset();
  writer.text(0x0a, content.messageType);
  writer.text(0x12, content.contentType);
  if (content.data.length > 0) writer.bytes(0x1a, content.data);
  writer.text(0x22, content.traceparent);
  writer.text(0x2a, content.tracestate);
  writer.text(0x3a, content.messageId);
  return writer.copy();
}

/** Decodes a content; `data` is a view of `bytes`. @throws MeshError `PROTOCOL_VIOLATION` when it is malformed. */
export function decodeContent(bytes: Uint8Array): Content {
  const reader = new WireReader(bytes);
  let messageType = "";
  let contentType = "";
  let data: Uint8Array = EMPTY;
  let traceparent = "";
  let tracestate = "";
  let messageId = "";
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        messageType = reader.text();
        break;
      case 0x12:
        contentType = reader.text();
        break;
      case 0x1a:
        data = reader.bytes();
        break;
      case 0x22:
        traceparent = reader.text();
        break;
      case 0x2a:
        tracestate = reader.text();
        break;
      case 0x32:
        return decodeWithMetadata(bytes);
      case 0x3a:
        messageId = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { messageType, contentType, data, traceparent, tracestate, metadata: undefined, messageId };
}

const EMPTY = new Uint8Array(0);

// Maps are rare and awkward to write by hand: the generated code does it.
function encodeWithMetadata(content: Content, metadata: Readonly<Record<string, string>>): Uint8Array {
  return ContentMessage.encode({ ...content, data: Buffer.from(content.data), metadata: { ...metadata } }).finish();
}

function decodeWithMetadata(bytes: Uint8Array): Content {
  return ContentMessage.decode(bytes);
}
