import { agentId, topicId } from "@agentmesh/proto";
import { AgentIdMessage } from "@agentmesh/proto/agentmesh/v1";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineMessage, stream } from "../messages/define-message.ts";
import type { Messenger } from "./context.ts";

const Note = defineMessage("demo.Note", z.object({ text: z.string() }));
const Ask = defineMessage("demo.Ask", z.object({}), { reply: Note });
const Where = defineMessage("demo.Where", z.object({}), {
  reply: defineMessage("demo.There", AgentIdMessage),
});
const Parsed = defineMessage("demo.Parsed", z.object({ at: z.coerce.date() }));
const AskParsed = defineMessage("demo.AskParsed", z.object({}), { reply: Parsed });
const Tell = defineMessage("demo.Tell", z.object({}), { reply: stream(Parsed) });
const to = agentId("a", "b");

describe("Messenger", () => {
  it("types replies by the message", () => {
    const use = async (mesh: Messenger): Promise<void> => {
      expectTypeOf(await mesh.send(to, Note({ text: "" }))).toEqualTypeOf<void>();
      expectTypeOf(await mesh.send(to, Ask({}))).toEqualTypeOf<{ text: string }>();
      expectTypeOf(await mesh.send(to, Where({}))).toEqualTypeOf<AgentIdMessage>();
      expectTypeOf(await mesh.send(to, AskParsed({}))).toEqualTypeOf<{ at: Date }>();
      for await (const chunk of mesh.stream(to, Tell({})))
        expectTypeOf(chunk).toEqualTypeOf<{ at: Date }>();
      await mesh.publish(topicId("news"), Note({ text: "" }));
    };
    expectTypeOf(use).toBeFunction();
  });

  it("refuses the wrong way to send a message", () => {
    const misuse = async (mesh: Messenger): Promise<void> => {
      // @ts-expect-error a stream of replies is asked for with `stream`
      await mesh.send(to, Tell({}));
      // @ts-expect-error one reply is asked for with `send`
      mesh.stream(to, Ask({}));
      // @ts-expect-error nothing answers this message
      mesh.stream(to, Note({ text: "" }));
      // @ts-expect-error nobody answers an event
      await mesh.publish(topicId("news"), Ask({}));
      // @ts-expect-error an input is not a message
      await mesh.send(to, { text: "" });
    };
    expectTypeOf(misuse).toBeFunction();
  });
});
