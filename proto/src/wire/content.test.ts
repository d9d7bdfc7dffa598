import fc from "fast-check";
import { expect, test } from "vitest";
import { Content as ContentMessage } from "../../gen/agentmesh/v1/content.ts";
import { type Content, decodeContent, encodeContent } from "./content.ts";

const text = fc.string({ unit: "binary", maxLength: 150 });
/** The generated code assigns to a plain object, which loses this one; a test of its own says that we keep it. */
const name = text.filter((own) => own !== "__proto__");
const own = fc.record({
  messageType: text,
  contentType: text,
  data: fc.uint8Array({ maxLength: 1_000 }).map((bytes) => Buffer.from(bytes)),
  traceparent: text,
  tracestate: text,
  metadata: fc.option(fc.dictionary(name, text, { minKeys: 1, maxKeys: 8 }), { nil: undefined }),
  messageId: text,
});

function toMessage(content: Content): ContentMessage {
  return { ...content, data: Buffer.from(content.data), metadata: { ...content.metadata } };
}

test("a content is written and read as the generated code does", () => {
  fc.assert(
    fc.property(own, (content) => {
      const message = toMessage(content);
      const bytes = encodeContent(content);
      expect(bytes).toEqual(Buffer.from(ContentMessage.encode(message).finish()));
      expect(ContentMessage.decode(bytes)).toEqual(message);
      const read = decodeContent(ContentMessage.encode(message).finish());
      expect({ ...read, data: Buffer.from(read.data) }).toEqual(content);
    }),
  );
});

test("metadata keeps names that objects treat in their own way", () => {
  const names = ["__proto__", "constructor", "toString", ""];
  const metadata = Object.fromEntries(names.map((name) => [name, "x"]));
  const read = decodeContent(encodeContent({ ...EMPTY, metadata })).metadata ?? {};
  expect(Object.entries(read)).toEqual(Object.entries(metadata));
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

test("of metadata that names a key twice the last value counts, and no metadata is undefined", () => {
  const once = encodeContent({ ...EMPTY, metadata: { a: "1" } });
  const twice = Buffer.concat([once, encodeContent({ ...EMPTY, metadata: { a: "2" } })]);
  expect(decodeContent(twice).metadata).toEqual({ a: "2" });
  expect(decodeContent(encodeContent({ ...EMPTY, metadata: {} })).metadata).toBeUndefined();
});

test("data is a view of the bytes that were decoded, with metadata too", () => {
  const content = { ...EMPTY, data: Buffer.from("payload"), metadata: { a: "b" } };
  const bytes = encodeContent(content);
  const { data } = decodeContent(bytes);
  expect(data.buffer).toBe(bytes.buffer);
});

test("what was encoded before is not touched by what is encoded after", () => {
  const first = encodeContent({ ...EMPTY, messageType: "first" });
  encodeContent({ ...EMPTY, messageType: "other" });
  expect(decodeContent(first).messageType).toBe("first");
});

const EMPTY: Content = {
  messageType: "",
  contentType: "",
  data: Buffer.alloc(0),
  traceparent: "",
  tracestate: "",
  metadata: undefined,
  messageId: "",
};
