/**
 * Payloads of requests and responses as contents, and back. A protobuf payload is an `Any` on AutoGen's side and the bare
 * message in the mesh. The pairs `;payload`, `;source` and `;method` keep what has no place in a content.
 */
import type { AgentId } from "@agentmesh/proto";
import { Any, type AutogenAgentId, type Payload, type RpcRequest } from "@agentmesh/proto/agents";
import { type Content, decodeContent, encodeContent } from "@agentmesh/proto/wire";
import { escapeKey, unescapeKey } from "./attributes.ts";
import { isProtobuf, JSON_TYPE, typeUrlOf } from "./media.ts";

type Pairs = Readonly<Record<string, string>>;

const PAYLOAD_PAIR = ";payload";
const SOURCE_PAIR = ";source";
const METHOD_PAIR = ";method";
const TRACE_KEYS: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** The content of a request. What it says of its sender is kept as a claim, which the mesh does not rely on. */
export function readRequest(request: RpcRequest): Uint8Array {
  const own: [string, string][] = [];
  if (request.source !== undefined) {
    own.push([SOURCE_PAIR, `${request.source.type}/${request.source.key}`]);
  }
  if (request.method !== "") own.push([METHOD_PAIR, request.method]);
  return contentOf(request.payload, request.metadata, own);
}

/** The request for a worker, apart from its id. `sender` is the agent that sends, as far as the host knows it. */
export function writeRequest(
  target: AgentId,
  sender: AgentId | undefined,
  bytes: Uint8Array,
): Omit<RpcRequest, "requestId"> {
  const content = decodeContent(bytes);
  const { [SOURCE_PAIR]: claim, [METHOD_PAIR]: method = "" } = content.metadata ?? {};
  return {
    source: sender === undefined ? claimed(claim) : { type: sender.type, key: sender.key },
    target: { type: target.type, key: target.key },
    method,
    ...writeReply(content),
  };
}

/** The content of a response. */
export function readReply(payload: Payload, metadata: Pairs): Uint8Array {
  return contentOf(payload, metadata, []);
}

/** Payload and metadata of a content. */
export function writeReply(content: Content): {
  payload: Payload | undefined;
  metadata: { [key: string]: string };
} {
  return { payload: payloadOf(content), metadata: metadataOf(content) };
}

/** Payload of an answer that says nothing: with none at all, workers would take it for a failure or fail themselves. */
export const EMPTY_PAYLOAD: Payload = {
  dataType: "",
  dataContentType: JSON_TYPE,
  data: Buffer.from("null"),
};

function contentOf(
  payload: Payload | undefined,
  given: Pairs,
  own: [string, string][],
): Uint8Array {
  const { form, ...message } = messageOf(payload);
  const pairs = Object.entries(given)
    .filter(([key, text]) => !(TRACE_KEYS.has(key) && text !== ""))
    .map(([key, text]): [string, string] => [escapeKey(key), text]);
  pairs.push(...own);
  if (form !== "") pairs.push([PAYLOAD_PAIR, form]);
  return encodeContent({
    ...message,
    traceparent: given.traceparent ?? "",
    tracestate: given.tracestate ?? "",
    metadata: pairs.length === 0 ? undefined : Object.fromEntries(pairs),
    messageId: "",
  });
}

/** Type and bytes of a payload; `form` tells what is unusual about it. */
function messageOf(payload: Payload | undefined): {
  messageType: string;
  contentType: string;
  data: Uint8Array;
  form: string;
} {
  if (payload === undefined)
    return { messageType: "", contentType: "", data: Buffer.alloc(0), form: "none" };
  const { dataType: messageType, dataContentType: contentType, data } = payload;
  if (contentType === "") return { messageType, contentType, data, form: "untyped" };
  if (!isProtobuf(contentType)) return { messageType, contentType, data, form: "" };
  const value = unwrap(data, messageType);
  if (value === undefined) return { messageType, contentType, data, form: "bare" };
  return { messageType, contentType, data: value, form: "" };
}

/** The message in an Any of this type; undefined when it cannot be wrapped again to the same bytes. */
function unwrap(data: Buffer, messageType: string): Buffer | undefined {
  try {
    const { typeUrl, value } = Any.decode(data);
    const isSame = typeUrl === typeUrlOf(messageType) && data.equals(wrap(value, messageType));
    return isSame ? value : undefined;
  } catch {
    return undefined;
  }
}

function wrap(value: Uint8Array, messageType: string): Buffer {
  const typeUrl = typeUrlOf(messageType);
  return Buffer.from(Any.encode({ typeUrl, value: Buffer.from(value) }).finish());
}

function payloadOf({ messageType, contentType, data, metadata }: Content): Payload | undefined {
  const form = metadata?.[PAYLOAD_PAIR];
  if (form === "none") return undefined;
  const isWrapped = isProtobuf(contentType) && form !== "bare";
  return {
    dataType: messageType,
    dataContentType: contentType === "" && form !== "untyped" ? JSON_TYPE : contentType,
    data: isWrapped ? wrap(data, messageType) : Buffer.from(data),
  };
}

function metadataOf(content: Content): { [key: string]: string } {
  const pairs: [string, string][] = [];
  for (const [key, text] of Object.entries(content.metadata ?? {})) {
    const name = unescapeKey(key);
    if (name !== undefined) pairs.push([name, text]);
  }
  if (content.traceparent !== "") pairs.push(["traceparent", content.traceparent]);
  if (content.tracestate !== "") pairs.push(["tracestate", content.tracestate]);
  return Object.fromEntries(pairs);
}

function claimed(claim: string | undefined): AutogenAgentId | undefined {
  if (claim === undefined) return undefined;
  const at = claim.indexOf("/");
  return { type: claim.slice(0, at), key: claim.slice(at + 1) };
}
