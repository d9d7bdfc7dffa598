import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgentId as AgentIdMessage } from "../../gen/agentmesh/v1/identity.ts";
import {
  AgentId,
  agentId,
  encodePair,
  isAgentType,
  isKey,
  parseAgentId,
  quote,
} from "./agent-id.ts";

const REFUSED = expect.objectContaining({ code: "INVALID_ARGUMENT" });
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 128 });

describe("an agent type", () => {
  test.each([
    "a",
    "Z9_",
    "a.b-c",
    "агент",
    "智能体",
    "e\u0301",
    "_",
    "a‿b",
    "x".repeat(128),
    "𝒜".repeat(128),
  ])("may be %s", (type) => expect(isAgentType(type)).toBe(true));

  test.each(["", "a b", "a/b", "a:b", "a=b", "a\n", "\na", "é!", "😀", "\ud800", "x".repeat(129)])(
    "is not %j",
    (type) => {
      expect(isAgentType(type)).toBe(false);
      expect(() => agentId(type, "key")).toThrow(REFUSED);
    },
  );
});

describe("a key", () => {
  test.each([
    ["one byte", "k"],
    ["slashes, spaces and line breaks", " a/b\n\0"],
    ["512 bytes of ASCII", "k".repeat(512)],
    ["512 bytes in characters of four", "😀".repeat(128)],
    ["510 bytes in characters of three", "智".repeat(170)],
  ])("may be %s", (_what, key) => expect(agentId("type", key).key).toBe(key));

  test.each([
    ["empty", ""],
    ["513 bytes of ASCII", "k".repeat(513)],
    ["513 bytes in characters of three", "智".repeat(171)],
    ["514 bytes in characters of two", "é".repeat(257)],
    ["half a character, which has no UTF-8", "a\ud83d"],
    ["the other half", "\ude00a"],
  ])("is not %s", (_what, key) => {
    expect(isKey(key)).toBe(false);
    expect(() => agentId("type", key)).toThrow(REFUSED);
  });

  test("is measured in bytes of UTF-8", () => {
    const long = fc.string({ unit: "binary", maxLength: 600, size: "max" });
    fc.assert(
      fc.property(long, (key) => {
        const { length } = Buffer.from(key);
        expect(isKey(key)).toBe(length >= 1 && length <= 512);
      }),
    );
  });
});

describe("an agent id", () => {
  test("reads what it writes; the key keeps its slashes", () => {
    fc.assert(
      fc.property(text, (key) => {
        const id = agentId("demo.Type", key);
        expect(`${id}`).toBe(`demo.Type/${key}`);
        const read = parseAgentId(id.text);
        expect([read.type, read.key]).toEqual(["demo.Type", key]);
        expect(read.equals(id)).toBe(true);
        expect(read.equals(agentId("demo.Type", key === "x" ? "y" : "x"))).toBe(false);
      }),
    );
  });

  test.each(["", "type", "/key", "type/", "a b/key", `type/${"k".repeat(513)}`])(
    "is not %j",
    (own) => expect(() => parseAgentId(own)).toThrow(REFUSED),
  );

  test("encodes as the generated code does, also beyond the grammar", () => {
    const any = fc.string({ unit: "binary", maxLength: 200 });
    const check = (type: string, key: string) => {
      const theirs = Buffer.from(AgentIdMessage.encode({ type, key }).finish());
      expect(theirs.equals(encodePair(type, key))).toBe(true);
      expect(theirs.equals(new AgentId(type, key).encoded)).toBe(true);
    };
    fc.assert(fc.property(any, any, check));
    for (const length of [0, 127, 128, 512, 16_383, 16_384, 3_000_000])
      check("t", "k".repeat(length));
  });

  test("is encoded once", () => {
    const own = new AgentId("type", "key");
    expect(own.encoded).toBe(own.encoded);
  });
});

test("a quoted text is short and on one line", () => {
  expect(quote('a"\n')).toBe('"a\\"\\n"');
  expect(quote("x".repeat(80))).toHaveLength(82);
  expect(quote("x".repeat(81))).toBe(`"${"x".repeat(77)}..."`);
  expect(quote(`${"x".repeat(76)}😀😀😀😀`)).toBe(`"${"x".repeat(76)}\\ud83d..."`);
});
