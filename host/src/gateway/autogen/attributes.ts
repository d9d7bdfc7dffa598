/**
 * Attributes of CloudEvents as pairs of metadata and back, without loss. A text is the pair `name = text`. Any other
 * kind is told in the key: `count;integer = 5`. A key that begins with `;` is the adapter's own; a name that does, or
 * that ends like a kind, is escaped.
 */
import type { AttributeValue } from "@agentmesh/proto/agents";

type Attribute = NonNullable<AttributeValue["attr"]>;

const SEPARATOR = ";";
const STRING = "string";

type Reader = (text: string) => AttributeValue["attr"];

/** The kinds by how a key tells them, and how their texts are read. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["boolean", (text) => ({ $case: "ceBoolean", value: text === "true" })],
  ["integer", (text) => ({ $case: "ceInteger", value: Number(text) | 0 })],
  [STRING, (text) => ({ $case: "ceString", value: text })],
  ["bytes", (text) => ({ $case: "ceBytes", value: Buffer.from(text, "base64") })],
  ["uri", (text) => ({ $case: "ceUri", value: text })],
  ["uri-ref", (text) => ({ $case: "ceUriRef", value: text })],
  ["timestamp", (text) => ({ $case: "ceTimestamp", value: timestampOf(text) })],
  ["unset", () => undefined],
]);

/** A key that the sender chose, so that it cannot be taken for one of the adapter's own. */
export function escapeKey(key: string): string {
  return key.startsWith(SEPARATOR) ? SEPARATOR + key : key;
}

/** The key that the sender chose; undefined for one of the adapter's own. */
export function unescapeKey(key: string): string | undefined {
  if (!key.startsWith(SEPARATOR)) return key;
  return key.startsWith(SEPARATOR + SEPARATOR) ? key.slice(1) : undefined;
}

/** An attribute as a pair of metadata. */
export function toPair(name: string, { attr }: AttributeValue): [key: string, text: string] {
  const key = escapeKey(name);
  const [kind, text] = write(attr);
  const isPlain = kind === STRING && splitKind(key) === undefined;
  return [isPlain ? key : `${key}${SEPARATOR}${kind}`, text];
}

/** A pair of metadata as an attribute; undefined for one of the adapter's own. */
export function fromPair(
  key: string,
  text: string,
): [name: string, value: AttributeValue] | undefined {
  const split = splitKind(key);
  const name = unescapeKey(split === undefined ? key : split.name);
  if (name === undefined) return undefined;
  return [name, { attr: READERS.get(split?.kind ?? STRING)?.(text) }];
}

/** The two parts of a key that tells a kind; undefined when it tells none. */
function splitKind(key: string): { name: string; kind: string } | undefined {
  const at = key.lastIndexOf(SEPARATOR);
  const kind = key.slice(at + 1);
  return at < 0 || !READERS.has(kind) ? undefined : { name: key.slice(0, at), kind };
}

function write(attribute: Attribute | undefined): [kind: string, text: string] {
  switch (attribute?.$case) {
    case undefined:
      return ["unset", ""];
    case "ceBoolean":
      return ["boolean", String(attribute.value)];
    case "ceInteger":
      return ["integer", String(attribute.value)];
    case "ceString":
      return [STRING, attribute.value];
    case "ceBytes":
      return ["bytes", attribute.value.toString("base64")];
    case "ceUri":
      return ["uri", attribute.value];
    case "ceUriRef":
      return ["uri-ref", attribute.value];
    case "ceTimestamp":
      return ["timestamp", `${attribute.value.seconds} ${attribute.value.nanos}`];
  }
}

function timestampOf(text: string): { seconds: number; nanos: number } {
  const [seconds = "0", nanos = "0"] = text.split(" ");
  return { seconds: Number(seconds) || 0, nanos: Number(nanos) | 0 };
}
