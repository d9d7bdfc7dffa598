import { describe, expect, test } from "vitest";
import { TopicId as TopicIdMessage } from "../../gen/agentmesh/v1/identity.ts";
import { isTopicType, parseTopicId, topicId } from "./topic-id.ts";

const REFUSED = expect.objectContaining({ code: "INVALID_ARGUMENT" });

describe("a topic type", () => {
  test.each(["a", "rpc:request=oracle", "a.b-c_d", "событие", "x".repeat(256)])(
    "may be %s",
    (type) => expect(isTopicType(type)).toBe(true),
  );

  test.each(["", "a b", "a/b", "a*", "a\n", "\udc00", "x".repeat(257)])("is not %j", (type) => {
    expect(isTopicType(type)).toBe(false);
    expect(() => topicId(type, "source")).toThrow(REFUSED);
  });
});

describe("a topic id", () => {
  test("has the source `default` unless told otherwise", () => {
    expect(`${topicId("news")}`).toBe("news/default");
  });

  test("reads what it writes; the source keeps its slashes", () => {
    const read = parseTopicId(`${topicId("a:b=c", "x/y/z")}`);
    expect([read.type, read.source]).toEqual(["a:b=c", "x/y/z"]);
  });

  test.each([
    "",
    "news",
    "/source",
    "news/",
    "a b/source",
    `news/${"é".repeat(257)}`,
    "news/\ud800",
  ])("is not %j", (own) => expect(() => parseTopicId(own)).toThrow(REFUSED));

  test("encodes as the generated code does, once", () => {
    const own = topicId("событие", "источник".repeat(20));
    const { type, source } = own;
    const theirs = TopicIdMessage.encode({ type, source }).finish();
    expect(Buffer.from(own.encoded)).toEqual(Buffer.from(theirs));
    expect(own.encoded).toBe(own.encoded);
  });
});
