import path from "node:path";
import { ContentMessage } from "@agentmesh/proto/agentmesh/v1";
import { beforeAll, describe, expect, it } from "vitest";
import { KINDS, protoFiles } from "../../test-doubles/proto-files.ts";
import { defineMessage } from "../define-message.ts";
import { loadProtobuf } from "./load-protobuf.ts";
import type { LoadedType } from "./loaded-type.ts";

let kinds: LoadedType<Record<string, unknown>>;

beforeAll(async () => {
  await using files = await protoFiles(KINDS);
  kinds = loadProtobuf(files.path("kinds.proto")).type("demo.Kinds");
});

/** One that comes back as it is given. */
const FULL = {
  aText: "grün",
  small: -(2 ** 31),
  count: 2 ** 32 - 1,
  large: "-9223372036854775808",
  larger: "18446744073709551615",
  ratio: 0.1,
  isOn: true,
  raw: Buffer.from([0, 255]),
  colour: "COLOUR_BLUE",
  leaf: { label: "oak" },
  names: ["a", ""],
  leaves: [{ label: "one" }, { label: "" }],
  scores: { "": 0, a: 1 },
  byNumber: { "-1": { label: "minus" } },
  right: 0,
  maybe: 0,
  at: { seconds: "1", nanos: 2 },
  place: { name: "here", size: "SIZE_LARGE" },
  inner: null,
  zig: -1,
  fixed: "1",
  less: 0.5,
  flags: { true: "COLOUR_RED" },
};

function through(message: Record<string, unknown>): Record<string, unknown> {
  return kinds.decode(kinds.encode(message).finish());
}

function throughJson(message: Record<string, unknown>): Record<string, unknown> {
  return kinds.fromJSON(JSON.parse(JSON.stringify(kinds.toJSON(message))));
}

describe("a loaded type", () => {
  it("round-trips fields of every kind, as protobuf and as JSON", () => {
    expect(through(FULL)).toEqual(FULL);
    expect(throughJson(FULL)).toEqual(FULL);
  });

  it("gives what is absent its default, apart from what may be unset", () => {
    const empty = through({});
    expect(empty).toMatchObject({ aText: "", large: "0", colour: "COLOUR_UNSPECIFIED", names: [] });
    expect(empty).toMatchObject({ leaf: null, scores: {}, raw: Buffer.alloc(0) });
    for (const name of ["left", "right", "maybe"]) expect(empty).not.toHaveProperty(name);
    expect(throughJson({})).toEqual(empty);
    expect(through({ aText: undefined, leaf: null })).toEqual(empty);
  });

  it("takes 64-bit integers in every form, and enum values by number", () => {
    const large = { large: 2 ** 53 - 1, larger: 2n ** 64n - 1n, colour: 1 };
    expect(through(large)).toMatchObject({
      large: "9007199254740991",
      larger: "18446744073709551615",
      colour: "COLOUR_RED",
    });
    expect(through({ colour: 77 })).toMatchObject({ colour: 77 });
  });

  it("speaks protobuf's JSON mapping", () => {
    const json = kinds.toJSON({ ...FULL, names: [], leaves: [] });
    expect(json).toMatchObject({ raw: "AP8=", at: "1970-01-01T00:00:01.000000002Z" });
  });

  it("writes and reads what generated code reads and writes", async () => {
    const proto = path.resolve(import.meta.dirname, "../../../../proto");
    const loaded = loadProtobuf("agentmesh/v1/content.proto", { includeDirs: [proto] });
    const content = {
      messageType: "demo.Ask",
      contentType: "",
      data: Buffer.from("{}"),
      traceparent: "",
      tracestate: "",
      metadata: { a: "b" },
      messageId: "1",
    };
    const type = loaded.type("agentmesh.v1.Content");
    expect(ContentMessage.decode(type.encode(content).finish())).toEqual(content);
    expect(type.decode(ContentMessage.encode(content).finish())).toEqual(content);
  });

  it.each([
    [{ atext: "x" }, 'Kinds has no field "atext"'],
    [{ toString: "x" }, 'Kinds has no field "toString"'],
    [{ aText: 5 }, "aText: expected string, not 5"],
    [{ aText: "\ud800" }, 'aText: expected string, not "\\ud800"'],
    [{ small: 2 ** 31 }, "small: expected int32, not 2147483648"],
    [{ small: "5" }, 'small: expected int32, not "5"'],
    [{ count: -1 }, "count: expected uint32, not -1"],
    [{ count: 1.5 }, "count: expected uint32, not 1.5"],
    [{ large: 2 ** 53 }, "large: expected int64, not 9007199254740992"],
    [{ larger: "18446744073709551616" }, 'larger: expected uint64, not "18446744073709551616"'],
    [{ larger: "" }, 'larger: expected uint64, not ""'],
    [{ ratio: "1" }, 'ratio: expected double, not "1"'],
    [{ isOn: 1 }, "isOn: expected bool, not 1"],
    [{ raw: "AP8=" }, 'raw: expected bytes, not "AP8="'],
    [{ raw: [1] }, "raw: expected bytes, not an array"],
    [{ colour: "RED" }, 'colour: expected Colour, not "RED"'],
    [{ colour: "toString" }, 'colour: expected Colour, not "toString"'],
    [{ leaf: "oak" }, 'leaf: expected a Leaf, not "oak"'],
    [{ leaves: [{}, { lable: "x" }] }, 'leaves[1]: Leaf has no field "lable"'],
    [{ names: "x" }, 'names: expected an array, not "x"'],
    [{ names: [null] }, "names[0]: expected string, not null"],
    [{ scores: ["x"] }, "scores: expected an object, not an array"],
    [{ scores: { a: "1" } }, 'scores.a: expected int32, not "1"'],
    [{ byNumber: { x: {} } }, 'byNumber: "x" is no int32'],
    [{ byNumber: { "4294967296": {} } }, 'byNumber: "4294967296" is no int32'],
    [{ flags: { yes: 0 } }, 'flags: "yes" is no bool'],
    [{ left: "x", right: 1 }, "only one of left and right may be set"],
    [{ at: new Date() }, "at: expected a Timestamp, not an object"],
  ])("refuses %j", (message, complaint) => {
    const Kinds = defineMessage("demo.Kinds", kinds);
    const expected = `PAYLOAD_INVALID: message demo.Kinds: it does not become protobuf: ${complaint}`;
    expect(() => Kinds.encode(message)).toThrow(expected);
    const AsJson = defineMessage("demo.Kinds", kinds, { encoding: "json" });
    expect(() => AsJson.encode(message)).toThrow(complaint);
  });

  it("refuses a message that contains itself", () => {
    const endless: Record<string, unknown> = {};
    endless.inner = endless;
    expect(() => kinds.encode(endless)).toThrow(/it is nested too deeply$/);
  });

  it.each([[{ nope: 1 }], [{ small: "x" }], [{ raw: "?" }], [{ at: "noon" }], [null], [[]], ["x"]])(
    "does not take %j from JSON",
    (json) => {
      const Kinds = defineMessage("demo.Kinds", kinds);
      const payload = { contentType: "application/json", data: Buffer.from(JSON.stringify(json)) };
      expect(() => Kinds.decode(payload)).toThrow(
        /PAYLOAD_INVALID: message demo\.Kinds: it is not of this type: /,
      );
    },
  );
});
