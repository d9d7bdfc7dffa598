import { MeshError } from "@agentmesh/proto";
import { AgentIdMessage, TopicIdMessage } from "@agentmesh/proto/agentmesh/v1";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineMessage, stream } from "./define-message.ts";
import type { Message, MessageDefinition, NoReply, OneReply, StreamReply } from "./message-type.ts";

const text = z.object({ text: z.string() });
const Answer = defineMessage("demo.Answer", text);
const Ask = defineMessage(
  "demo.Ask",
  z.object({ question: z.string(), tries: z.number().default(1) }),
  {
    reply: Answer,
  },
);
const Tell = defineMessage("demo.Tell", text, { reply: stream(Answer) });

describe("defineMessage", () => {
  it("makes a function that makes messages", () => {
    const message = Ask({ question: "why?" });
    expect(message.type).toBe(Ask);
    expect(message.input).toEqual({ question: "why?" });
    expect(Ask.messageName).toBe("demo.Ask");
  });

  it("keeps what answers the message", () => {
    expect(Answer.reply).toEqual({ kind: "none" });
    expect(Ask.reply).toEqual({ kind: "one", type: Answer });
    expect(Tell.reply).toEqual({ kind: "stream", type: Answer });
  });

  it("chooses JSON for a schema, also when the schema has methods encode and decode", () => {
    expect(Answer.encode({ text: "x" })).toEqual({
      contentType: "",
      data: Buffer.from('{"text":"x"}'),
    });
  });

  it("chooses JSON for a schema that is a function", () => {
    const validate = (value: unknown): { value: unknown } => ({ value });
    const schema = Object.assign(() => true, {
      "~standard": { version: 1, vendor: "test", validate } as const,
    });
    expect(defineMessage("demo.Any", schema).encode("x").contentType).toBe("");
  });

  it("chooses protobuf for a generated type", () => {
    const Where = defineMessage("demo.Where", AgentIdMessage);
    expect(Where.encode({ type: "a", key: "b" }).contentType).toBe("application/x-protobuf");
  });

  it("refuses to send as protobuf what knows JSON only", () => {
    expect(() => defineMessage("demo.Wrong", text, { encoding: "protobuf" })).toThrow(
      "INVALID_ARGUMENT: message demo.Wrong cannot be sent as protobuf",
    );
  });

  it("refuses what is neither", () => {
    // @ts-expect-error an object that is no schema
    expect(() => defineMessage("demo.Wrong", {})).toThrow(
      /neither a Standard Schema nor a protobuf type/,
    );
  });

  it.each([["x"], ["x".repeat(256)], ["ü".repeat(128)], ["any text / at all"]])(
    "takes the name %j",
    (name) => {
      expect(defineMessage(name, text).messageName).toBe(name);
    },
  );

  it.each([[""], ["x".repeat(257)], ["ü".repeat(129)], ["\ud800"]])(
    "refuses the name %j",
    (name) => {
      expect(() => defineMessage(name, text)).toThrow(MeshError);
      expect(() => defineMessage(name, text)).toThrow(
        /INVALID_ARGUMENT: message name .* is not 1–256 bytes of UTF-8/,
      );
    },
  );
});

describe("the types of messages", () => {
  it("come from the schema: input for senders, output for handlers", () => {
    type Input = { question: string; tries?: number | undefined };
    type Output = { question: string; tries: number };
    type Text = { text: string };
    expectTypeOf(Ask).toEqualTypeOf<MessageDefinition<Input, Output, OneReply<Text, Text>>>();
    expectTypeOf(Answer).toEqualTypeOf<MessageDefinition<Text, Text, NoReply>>();
    expectTypeOf(Tell).toEqualTypeOf<MessageDefinition<Text, Text, StreamReply<Text, Text>>>();
    expectTypeOf(Tell({ text: "" })).toEqualTypeOf<Message<Text, Text, StreamReply<Text, Text>>>();
  });

  it("come from the generated type", () => {
    const Where = defineMessage("demo.Where", AgentIdMessage, {
      reply: defineMessage("demo.There", TopicIdMessage),
    });
    type Reply = OneReply<TopicIdMessage, TopicIdMessage>;
    expectTypeOf(Where).toEqualTypeOf<MessageDefinition<AgentIdMessage, AgentIdMessage, Reply>>();
  });

  it("refuse wrong input", () => {
    // @ts-expect-error a number is no question
    Ask({ question: 1 });
    // @ts-expect-error the question is missing
    Ask({});
    // @ts-expect-error unknown property
    Ask({ question: "", answer: "" });
  });

  it("refuse a reply that is no message type", () => {
    // @ts-expect-error a schema is no message type
    const wrong = () => defineMessage("demo.Wrong", text, { reply: text });
    expectTypeOf(wrong).toBeFunction();
  });
});
