/**
 * What holds for every codec: what is encoded comes back, and bytes of whatever kind give a message or a typed error.
 * A failing run names its seed.
 */
import { MeshError } from "@agentmesh/proto";
import { Subscription } from "@agentmesh/proto/agentmesh/v1";
import { loadSync } from "@grpc/proto-loader";
import fc from "fast-check";
import * as v from "valibot";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { KINDS, protoFiles } from "../test-doubles/proto-files.ts";
import { defineMessage } from "./define-message.ts";
import type { EncodedPayload, MessageType, ReplyType } from "./message-type.ts";
import { loadProtobuf } from "./protobuf/load-protobuf.ts";
import { packageType } from "./protobuf/package-type.ts";

const files = await protoFiles(KINDS);
afterAll(() => files[Symbol.asyncDispose]());
const places = loadSync(files.path("places.proto"), { enums: String, defaults: true });
const kinds = loadProtobuf(files.path("kinds.proto")).type("demo.Kinds");

/** Any text that UTF-8 can carry. */
const text = fc.string({ unit: "binary" });
/** Schema libraries leave keys out of records that could reach a prototype. */
const keys = text.filter((key) => !["__proto__", "prototype", "constructor"].includes(key));
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** JSON has no minus zero. */
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

interface Subject {
  readonly name: string;
  readonly type: MessageType<never, unknown, ReplyType>;
  /** Messages in the form in which they come back. */
  readonly messages: fc.Arbitrary<unknown>;
}

function subject<Message>(
  name: string,
  type: MessageType<Message, Message, ReplyType>,
  messages: fc.Arbitrary<Message>,
): Subject {
  return { name, type, messages };
}

const people = fc.record({
  name: text,
  age: fc.integer({ min: 0 }),
  tags: fc.array(text),
  extra: fc.dictionary(keys, double, { noNullPrototype: true }),
  nick: fc.option(text),
});

const subscriptions: fc.Arbitrary<Subscription> = fc.record({
  id: text,
  agentType: text,
  match: fc.oneof(
    fc.record({ $case: fc.constant("topicType" as const), value: text }),
    fc.constant(undefined),
  ),
  durable: fc.option(
    fc.record({
      name: text,
      maxAttempts: fc.nat(),
      backoffMs: fc.nat(),
      maxRetryMs: fc.nat(),
      retentionMs: fc.nat(Number.MAX_SAFE_INTEGER),
      update: fc.boolean(),
    }),
    { nil: undefined },
  ),
});

const placeMessages: fc.Arbitrary<Record<string, unknown>> = fc.record({
  name: text,
  size: fc.constantFrom("SIZE_UNSPECIFIED", "SIZE_LARGE"),
});

const leaves = fc.record({ label: text });
const loaded: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    aText: text,
    small: int32,
    count: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    large: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    larger: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    ratio: double,
    isOn: fc.boolean(),
    raw: bytes,
    colour: fc.constantFrom("COLOUR_UNSPECIFIED", "COLOUR_RED", "COLOUR_BLUE"),
    leaf: fc.option(leaves),
    leaves: fc.array(leaves),
    scores: fc.dictionary(keys, int32, { noNullPrototype: true }),
    byNumber: fc.dictionary(int32.map(String), leaves, { noNullPrototype: true }),
    choice: fc.constantFrom({}, { left: "x" }, { right: 0 }),
    maybe: fc.constantFrom({}, { maybe: 0 }),
    zig: int32,
    fixed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    less: fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  })
  .map(({ choice, maybe, ...fields }) => ({
    ...fields,
    ...choice,
    ...maybe,
    names: [],
    flags: {},
    at: null,
    place: null,
    inner: null,
  }));

const SUBJECTS: readonly Subject[] = [
  subject(
    "JSON by zod",
    defineMessage(
      "prop.Zod",
      z.object({
        name: z.string(),
        age: z.number().int(),
        tags: z.array(z.string()),
        extra: z.record(z.string(), z.number()),
        nick: z.string().nullable(),
      }),
    ),
    people,
  ),
  subject(
    "JSON by valibot",
    defineMessage(
      "prop.Valibot",
      v.object({
        name: v.string(),
        age: v.pipe(v.number(), v.integer()),
        tags: v.array(v.string()),
        extra: v.record(v.string(), v.number()),
        nick: v.nullable(v.string()),
      }),
    ),
    people,
  ),
  subject("ts-proto", defineMessage("prop.Generated", Subscription), subscriptions),
  subject("loaded types", defineMessage("prop.Loaded", kinds), loaded),
  subject(
    "loaded types as JSON",
    defineMessage("prop.LoadedAsJson", kinds, { encoding: "json" }),
    loaded,
  ),
  subject(
    "types of proto-loader",
    defineMessage("prop.Package", packageType(places, "demo.places.Place")),
    placeMessages,
  ),
];

const CONTENT_TYPES = ["", "application/json", "application/x-protobuf", "text/plain", "; ;"];

/** Decodes what may be anything. @throws when it fails with something else than a typed error. */
function decodeAnything(type: Subject["type"], payload: EncodedPayload): void {
  try {
    type.decode(payload);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    expect(error.code).toBe("PAYLOAD_INVALID");
    expect(error.message).toContain(`message ${type.messageName}: `);
  }
}

describe.each(SUBJECTS)("$name", ({ type, messages }) => {
  const erased: MessageType<unknown, unknown, ReplyType> = type;

  it("brings back what was sent", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(erased.decode(erased.encode(message))).toEqual(message);
      }),
    );
  });

  it("survives bytes of any kind", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CONTENT_TYPES), bytes, (contentType, data) => {
        decodeAnything(type, { contentType, data });
      }),
      { numRuns: 200 },
    );
  });

  it("survives JSON of any kind", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        decodeAnything(type, { contentType: "", data: Buffer.from(json) });
      }),
      { numRuns: 200 },
    );
  });

  it("survives damage on the way", () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), fc.nat(), (message, place, byte, end) => {
        const { contentType, data } = erased.encode(message);
        const damaged = Buffer.from(data);
        if (damaged.length > 0) damaged[place % damaged.length] = byte;
        const cut = damaged.subarray(0, end % (damaged.length + 1));
        for (const rest of [damaged, cut]) decodeAnything(type, { contentType, data: rest });
      }),
      { numRuns: 200 },
    );
  });

  it("refuses to send what it cannot carry, with a typed error", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (anything) => {
        try {
          erased.encode(anything);
        } catch (error) {
          expect(error).toMatchObject({ code: "PAYLOAD_INVALID" });
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("nesting without end", () => {
  const DEPTH = 200_000;

  it.each(SUBJECTS)("does not exhaust the stack of $name", ({ type }) => {
    const json = `${'{"inner":'.repeat(DEPTH)}{}${"}".repeat(DEPTH)}`;
    decodeAnything(type, { contentType: "", data: Buffer.from(json) });
    const groups = Buffer.alloc(DEPTH, 0x0b);
    decodeAnything(type, { contentType: "application/x-protobuf", data: groups });
  });
});
