import { MeshError } from "@agentmesh/proto";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineMessage } from "../messages/define-message.ts";
import { closureAgent } from "./closure-agent.ts";
import type { AgentDefinition } from "./definition.ts";

const Note = defineMessage("demo.Note", z.object({ text: z.string() }));
const Mark = defineMessage("demo.Mark", z.object({ line: z.number() }));
const Ask = defineMessage("demo.Ask", z.object({}), { reply: Note });

describe("closureAgent", () => {
  it("makes an agent type from one function", () => {
    const handle = (): void => {};
    const printer = closureAgent("printer", Note, handle, {
      defaultSubscription: true,
      description: "prints",
    });
    expect(printer.type).toBe("printer");
    expect([...printer.handlers]).toEqual([["demo.Note", { message: Note, handle }]]);
    expect(printer.subscriptions).toEqual([{ type: "default" }]);
    expect(printer.description).toBe("prints");
    expectTypeOf(printer).toEqualTypeOf<AgentDefinition<undefined>>();
  });

  it("takes several messages", () => {
    const printer = closureAgent("printer", [Note, Mark], (message) => {
      expectTypeOf(message).toEqualTypeOf<{ text: string } | { line: number }>();
    });
    expect([...printer.handlers.keys()]).toEqual(["demo.Note", "demo.Mark"]);
  });

  it("types reply and context", () => {
    closureAgent("oracle", Ask, async (_, ctx) => {
      expectTypeOf(ctx.state).toEqualTypeOf<undefined>();
      return { text: ctx.self.key };
    });
    // @ts-expect-error the reply is wrong
    closureAgent("oracle", Ask, async () => ({ line: 1 }));
    // @ts-expect-error of several messages none may expect a reply
    closureAgent("oracle", [Ask, Note], () => {});
  });

  it("refuses one message named twice, wrong options and wrong types", () => {
    expect(() => closureAgent("a", [Note, Note], () => {})).toThrow(
      /two entries for message demo\.Note/,
    );
    expect(() => closureAgent("a", Note, () => {}, { concurrency: 0 })).toThrow(
      /concurrency must be/,
    );
    expect(() => closureAgent("a/b", Note, () => {})).toThrow(MeshError);
  });
});
