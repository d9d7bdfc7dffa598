/** What messages say before their payloads, read from their first bytes: of those that are too long there are no more. */
import type { ControlMessage } from "@agentmesh/proto/agents";
import { WireReader } from "@agentmesh/proto/wire";

/** The head of a message: what it is, and for a request or response its id. */
export type Head =
  | { readonly kind: "request" | "response"; readonly requestId: string }
  /** An event, or what nobody waits for. */
  | { readonly kind: "other" };

const REQUEST = 1;
const RESPONSE = 2;
const REQUEST_ID = 1;
const LENGTH_DELIMITED = 2;

/** Reads the head of a `Message`. */
export function readHead(bytes: Buffer): Head {
  try {
    const reader = new WireReader(bytes);
    const kind = kindOf(fieldOf(reader));
    if (kind === undefined) return OTHER;
    // Its length, of which not all is here.
    reader.varint();
    return fieldOf(reader) === REQUEST_ID ? { kind, requestId: reader.text() } : OTHER;
  } catch {
    return OTHER;
  }
}

/** Reads a `ControlMessage` up to the type of what it carries; undefined when there is not even that. */
export function readControlHead(bytes: Buffer): ControlMessage | undefined {
  const texts = new Map<number, string>();
  try {
    const reader = new WireReader(bytes);
    let field = fieldOf(reader);
    for (; field < 4; field = fieldOf(reader)) texts.set(field, reader.text());
    reader.varint();
    const typeUrl = fieldOf(reader) === 1 ? reader.text() : "";
    const [rpcId = "", destination = "", respondTo] = [1, 2, 3].map((index) => texts.get(index));
    return { rpcId, destination, respondTo, rpcMessage: { typeUrl, value: Buffer.alloc(0) } };
  } catch {
    return undefined;
  }
}

const OTHER: Head = { kind: "other" };

function kindOf(field: number): "request" | "response" | undefined {
  if (field === REQUEST) return "request";
  return field === RESPONSE ? "response" : undefined;
}

/** The number of the field that comes next, which has a length. @throws for any other. */
function fieldOf(reader: WireReader): number {
  const tag = reader.tag();
  if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`a field of wire type ${tag & 7}`);
  return tag >>> 3;
}
