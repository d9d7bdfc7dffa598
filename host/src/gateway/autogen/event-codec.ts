/**
 * Events of AutoGen as topic and content, and back. What came from a worker of AutoGen leaves to another as it came; what
 * an agent of the mesh published leaves as those workers expect it.
 *
 * `dataschema`, `datacontenttype`, `traceparent` and `tracestate` are fields of the content, the id is its message id, and
 * all other attributes are its metadata. `;data` tells which of the data cases it was, and so that it was an event of
 * AutoGen at all.
 */
import type { AgentId } from "@agentmesh/proto";
import type { AttributeValue, AutogenAgentId, CloudEvent } from "@agentmesh/proto/agents";
import { type Content, decodeContent, encodeContent } from "@agentmesh/proto/wire";
import type { MeshEvent } from "../../model/event.ts";
import { fromPair, toPair } from "./attributes.ts";
import { isProtobuf, JSON_TYPE, typeUrlOf } from "./media.ts";

/** Attributes that are fields of a content, when they are texts that are not empty. */
const LIFTED: ReadonlyMap<string, LiftedField> = new Map([
  ["dataschema", "messageType"],
  ["datacontenttype", "contentType"],
  ["traceparent", "traceparent"],
  ["tracestate", "tracestate"],
]);

type LiftedField = "messageType" | "contentType" | "traceparent" | "tracestate";

const SENDER_TYPE = "agagentsendertype";
const SENDER_KEY = "agagentsenderkey";
const KIND = "agmsgkind";
const SPEC_VERSION = "1.0";
/** What stands for the sender of an event that no agent published. */
const NOBODY = "unknown";
const DATA_PAIR = ";data";
const VERSION_PAIR = ";specversion";

/** An event as the router takes it. */
export interface ReadEvent {
  readonly content: Uint8Array;
  /** The agent that the event says published it; undefined when it says none. */
  readonly claimed: AutogenAgentId | undefined;
}

/** Reads an event of a worker. */
export function readEvent(event: CloudEvent): ReadEvent {
  const fields = { messageType: "", contentType: "", traceparent: "", tracestate: "" };
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(event.attributes)) {
    const field = LIFTED.get(name);
    const text = textOf(value);
    if (field !== undefined && text !== "") fields[field] = text;
    else pairs.push(toPair(name, value));
  }
  if (event.specVersion !== SPEC_VERSION) pairs.push([VERSION_PAIR, event.specVersion]);
  const { data, form } = dataOf(event, fields.messageType);
  pairs.push([DATA_PAIR, form]);
  const metadata = Object.fromEntries(pairs);
  return {
    content: encodeContent({ ...fields, data, metadata, messageId: event.id }),
    claimed: claimedSender(event),
  };
}

/** Writes an event for a worker. */
export function writeEvent(event: MeshEvent): CloudEvent {
  const content = decodeContent(event.content);
  const { metadata = {} } = content;
  const form = metadata[DATA_PAIR];
  return {
    id: content.messageId === "" ? String(event.id) : content.messageId,
    source: event.topic.source,
    specVersion: metadata[VERSION_PAIR] ?? SPEC_VERSION,
    type: event.topic.type,
    attributes: attributesOf(
      content,
      form === undefined ? meshAttributes(content, event.sender) : [],
    ),
    data: cloudData(content, form),
  };
}

function claimedSender({ attributes }: CloudEvent): AutogenAgentId | undefined {
  const type = textOf(attributes[SENDER_TYPE]);
  const key = textOf(attributes[SENDER_KEY]);
  return type === "" || key === "" ? undefined : { type, key };
}

/** The value of an attribute that is a text; empty for any other. */
function textOf(value: AttributeValue | undefined): string {
  return value?.attr?.$case === "ceString" ? value.attr.value : "";
}

function dataOf({ data }: CloudEvent, messageType: string): { data: Uint8Array; form: string } {
  switch (data?.$case) {
    case undefined:
      return { data: NOTHING, form: "none" };
    case "binaryData":
      return { data: data.value, form: "binary" };
    case "textData":
      return { data: Buffer.from(data.value), form: "text" };
    case "protoData": {
      const { typeUrl, value } = data.value;
      return {
        data: value,
        form: typeUrl === typeUrlOf(messageType) ? "proto" : `proto:${typeUrl}`,
      };
    }
  }
}

function cloudData(content: Content, form: string | undefined): CloudEvent["data"] {
  const value = bufferOf(content.data);
  const own = typeUrlOf(content.messageType);
  if (form === "none") return undefined;
  if (form === "text") return { $case: "textData", value: value.toString() };
  if (form === "binary") return { $case: "binaryData", value };
  if (form?.startsWith("proto:")) {
    return { $case: "protoData", value: { typeUrl: form.slice("proto:".length), value } };
  }
  if (form === "proto" || isProtobuf(content.contentType))
    return { $case: "protoData", value: { typeUrl: own, value } };
  return { $case: "binaryData", value };
}

/** What every event of AutoGen has, for one that was published in the mesh. */
function meshAttributes(content: Content, sender: AgentId | undefined): [string, string][] {
  return [
    ["datacontenttype", content.contentType === "" ? JSON_TYPE : content.contentType],
    [KIND, "publish"],
    [SENDER_TYPE, sender?.type ?? NOBODY],
    [SENDER_KEY, sender?.key ?? NOBODY],
  ];
}

function attributesOf(
  content: Content,
  further: readonly [string, string][],
): { [name: string]: AttributeValue } {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, text] of Object.entries(content.metadata ?? {})) {
    const attribute = fromPair(key, text);
    if (attribute !== undefined) attributes.set(...attribute);
  }
  for (const [name, field] of LIFTED) {
    if (content[field] !== "") attributes.set(name, textAttribute(content[field]));
  }
  for (const [name, text] of further) attributes.set(name, textAttribute(text));
  return Object.fromEntries(attributes);
}

function textAttribute(value: string): AttributeValue {
  return { attr: { $case: "ceString", value } };
}

const NOTHING = new Uint8Array(0);

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
