import { AgentId, TopicId } from "@agentmesh/proto";
import { type AttributeValue, CloudEvent } from "@agentmesh/proto/agents";
import { contentProblem, decodeContent, encodeContent } from "@agentmesh/proto/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEvent, writeEvent } from "./event-codec.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
const name = fc.oneof(
  fc.constantFrom("dataschema", "datacontenttype", "traceparent", "agmsgkind", "agagentsendertype"),
  // Names that look like what the adapter writes itself.
  fc.constantFrom(";data", ";;data", "a;integer", ";;x;unset", ";", ";;", "a;b;string", "string"),
  text,
);
const attr: fc.Arbitrary<AttributeValue> = fc
  .oneof(
    fc.constant(undefined),
    fc.boolean().map((value) => ({ $case: "ceBoolean", value }) as const),
    fc.integer().map((value) => ({ $case: "ceInteger", value }) as const),
    text.map((value) => ({ $case: "ceString", value }) as const),
    bytes.map((value) => ({ $case: "ceBytes", value }) as const),
    text.map((value) => ({ $case: "ceUri", value }) as const),
    text.map((value) => ({ $case: "ceUriRef", value }) as const),
    fc
      .record({ seconds: fc.maxSafeInteger(), nanos: fc.nat(999_999_999) })
      .map((value) => ({ $case: "ceTimestamp", value }) as const),
  )
  .map((value) => ({ attr: value }));
const data: fc.Arbitrary<CloudEvent["data"]> = fc.oneof(
  fc.constant(undefined),
  bytes.map((value) => ({ $case: "binaryData", value }) as const),
  text.map((value) => ({ $case: "textData", value }) as const),
  fc
    .record({ typeUrl: fc.oneof(text, fc.constant("type.googleapis.com/a.B")), value: bytes })
    .map((value) => ({ $case: "protoData", value }) as const),
);
const cloudEvent: fc.Arbitrary<CloudEvent> = fc.record({
  id: text.filter((id) => id !== ""),
  source: text,
  specVersion: fc.constantFrom("1.0", "", "0.3"),
  type: text,
  attributes: fc
    .array(fc.tuple(name, attr), { maxLength: 8 })
    .map((entries) => Object.fromEntries(entries)),
  data,
});

function meshEvent(event: CloudEvent, content: Uint8Array) {
  return {
    id: 7,
    topic: new TopicId(event.type, event.source),
    content,
    sender: undefined,
    resent: false,
    acceptedUnixMs: 0,
    waiting: 0,
    inFlight: 0,
  };
}

describe("an event of AutoGen", () => {
  test("leaves the mesh as it came, whatever it holds", () => {
    fc.assert(
      fc.property(cloudEvent, (event) => {
        const { content } = readEvent(event);
        expect(contentProblem(content)).toBeUndefined();
        expect(writeEvent(meshEvent(event, content))).toEqual(event);
      }),
      { numRuns: 500 },
    );
  });

  test("is a content that agents of the mesh can read", () => {
    const event = CloudEvent.decode(
      CloudEvent.encode({
        id: "e-1",
        source: "s",
        specVersion: "1.0",
        type: "news",
        attributes: {
          dataschema: { attr: { $case: "ceString", value: "Note" } },
          datacontenttype: { attr: { $case: "ceString", value: "application/json" } },
          color: { attr: { $case: "ceString", value: "red" } },
          count: { attr: { $case: "ceInteger", value: 5 } },
        },
        data: { $case: "binaryData", value: Buffer.from("{}") },
      }).finish(),
    );
    expect(decodeContent(readEvent(event).content)).toMatchObject({
      messageType: "Note",
      contentType: "application/json",
      messageId: "e-1",
      metadata: { color: "red", "count;integer": "5", ";data": "binary" },
    });
  });
});

describe("an event of the mesh", () => {
  test("is written as AutoGen's workers write theirs", () => {
    const content = encodeContent({
      messageType: "demo.Note",
      contentType: "",
      data: Buffer.from("{}"),
      traceparent: "00-1-2-03",
      tracestate: "",
      metadata: { color: "red", agagentsendertype: "somebody-else" },
      messageId: "",
    });
    const event = {
      ...meshEvent({ type: "news", source: "s" } as CloudEvent, content),
      sender: new AgentId("oracle", "delphi"),
    };
    const texts = Object.entries(writeEvent(event).attributes).map(([key, { attr: value }]) => [
      key,
      value?.value,
    ]);
    expect(Object.fromEntries(texts)).toEqual({
      dataschema: "demo.Note",
      datacontenttype: "application/json",
      traceparent: "00-1-2-03",
      agmsgkind: "publish",
      agagentsendertype: "oracle",
      agagentsenderkey: "delphi",
      color: "red",
    });
    expect(writeEvent(event)).toMatchObject({ id: "7", specVersion: "1.0" });
  });
});
