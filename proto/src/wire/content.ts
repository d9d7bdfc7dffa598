/** Content: the part of a message that only its two ends read. */
import { readName } from "./names.ts";
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

/**
 * Where contents are written, one after the other: each is a view of a slab, so that it costs one object and no copy.
 * A slab is never written to again once it is full, and goes when its last content goes.
 */
const SLAB_BYTES = 64 * 1024;
/** Room for everything beside payload and metadata. */
const HEAD_BYTES = 4 * 1024;

let slab = new WireWriter(SLAB_BYTES);

/** Encodes a content. */
export function encodeContent(content: Content): Uint8Array {
  const writer = roomFor(content);
  const start = writer.pos;
  writer.text(0x0a, content.messageType);
  writer.text(0x12, content.contentType);
  if (content.data.length > 0) writer.bytes(0x1a, content.data);
  writer.text(0x22, content.traceparent);
  writer.text(0x2a, content.tracestate);
  if (content.metadata !== undefined) writeMetadata(writer, content.metadata);
  writer.text(0x3a, content.messageId);
  return writer.buffer.subarray(start, writer.pos);
}

/** A writer that does not have to grow for the common content; one that grows leaves the slab to those before. */
function roomFor(content: Content): WireWriter {
  const needed = content.data.length + HEAD_BYTES;
  if (needed > SLAB_BYTES / 4) return new WireWriter(needed);
  if (slab.pos + needed > slab.buffer.length) slab = new WireWriter(SLAB_BYTES);
  return slab;
}

/** Decodes a content; `data` is a view of `bytes`. @throws MeshError `PROTOCOL_VIOLATION` when it is malformed. */
export function decodeContent(bytes: Uint8Array): Content {
  const reader = new WireReader(bytes);
  let messageType = "";
  let contentType = "";
  let data: Uint8Array = EMPTY;
  let traceparent = "";
  let tracestate = "";
  let pairs: [string, string][] | undefined;
  let messageId = "";
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        messageType = readName(reader);
        break;
      case 0x12:
        contentType = readName(reader);
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
        pairs ??= [];
        pairs.push(readPair(reader));
        break;
      case 0x3a:
        messageId = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
  // `fromEntries` also keeps a key like `__proto__`, which an assignment would lose.
  const metadata = pairs === undefined ? undefined : Object.fromEntries(pairs);
  return { messageType, contentType, data, traceparent, tracestate, metadata, messageId };
}

const EMPTY = new Uint8Array(0);

function writeMetadata(writer: WireWriter, metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    writer.byte(0x32);
    const mark = writer.open(key.length + value.length + 4);
    writer.text(0x0a, key);
    writer.text(0x12, value);
    writer.close(mark);
  }
}

/** Reads an entry of a map, which travels as a message of two fields. */
function readPair(reader: WireReader): [string, string] {
  const entry = new WireReader(reader.bytes());
  let key = "";
  let value = "";
  while (entry.pos < entry.end) {
    const tag = entry.tag();
    if (tag === 0x0a) key = entry.text();
    else if (tag === 0x12) value = entry.text();
    else entry.skip(tag);
  }
  return [key, value];
}
