import { AppError, agentId, MeshError } from "@agentmesh/proto";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { z } from "zod";
import { defineMessage, stream } from "../messages/define-message.ts";
import type { MessageType, NoReply, OneReply } from "../messages/message-type.ts";
import { defineAgent } from "./define-agent.ts";
import type { AgentDefinition } from "./definition.ts";

const Text = defineMessage("demo.Text", z.object({ text: z.string() }));
const Ask = defineMessage("demo.Ask", z.object({ question: z.string().default("why?") }), {
  reply: Text,
});
const Tell = defineMessage("demo.Tell", z.object({ topic: z.string() }), { reply: stream(Text) });
const Phase = defineMessage("demo.Phase", z.object({ phase: z.enum(["idle", "busy"]) }));
const AskPhase = defineMessage("demo.AskPhase", z.object({}), { reply: Phase });
const TellPhase = defineMessage("demo.TellPhase", z.object({}), { reply: stream(Phase) });
const id = agentId("oracle", "delphi");

describe("defineAgent", () => {
  it("rejects unknown messages unless it is told otherwise", () => {
    const handlers = () => [];
    expect(defineAgent("a", { handlers }).unknown).toBe("reject");
    expect(defineAgent("a", { handlers, onUnknown: "ignore" }).unknown).toBe("ignore");
    const raw = defineAgent("a", {
      state: { initial: () => ({ seen: 0 }) },
      handlers,
      onUnknown({ messageName }, ctx) {
        ctx.state.seen += messageName.length;
      },
    });
    expect(raw.unknown).toMatchObject({ message: { reply: { kind: "raw" } } });
    const wrong: unknown = "log";
    expect(() => defineAgent("a", { handlers, onUnknown: wrong as "ignore" })).toThrow(
      'INVALID_ARGUMENT: agent type a: onUnknown must be "reject", "ignore" or a function',
    );
  });

  it("keeps the handlers by message name and resolves every option", () => {
    const oracle = defineAgent("oracle", {
      handlers: (on) => [on(Ask, async () => ({ text: "42" })), on(Text, () => {})],
      description: "answers",
    });
    expect([...oracle.handlers.keys()]).toEqual(["demo.Ask", "demo.Text"]);
    expect(oracle.handlers.get("demo.Ask")?.message).toBe(Ask);
    expect(oracle).toMatchObject({
      type: "oracle",
      description: "answers",
      concurrency: 1,
      subscriptions: [],
    });
    expect(oracle.onDeactivate).toBeUndefined();
  });

  it("builds the handlers once", async () => {
    const handlers = vi.fn(() => []);
    const { createState } = defineAgent("oracle", { handlers });
    await createState(id);
    await createState(id);
    expect(handlers).toHaveBeenCalledTimes(1);
  });

  it("makes a state for each agent", async () => {
    const counter = defineAgent("counter", {
      state: { initial: ({ key }) => ({ key, seen: 0 }) },
      handlers: () => [],
    });
    expect(await counter.createState(id)).toEqual({ key: "delphi", seen: 0 });
    expect(await counter.createState(id)).not.toBe(await counter.createState(id));
  });

  it("has undefined as state without the option", () => {
    const { createState, stateCodec } = defineAgent("oracle", { handlers: () => [] });
    expect(createState(id)).toBeUndefined();
    expect(stateCodec.keepsState).toBe(false);
  });

  it("refuses two handlers for one message", () => {
    const again = defineMessage("demo.Text", z.object({}));
    const attempt = (): unknown =>
      defineAgent("a", { handlers: (on) => [on(Text, () => {}), on(again, () => {})] });
    expect(attempt).toThrow(MeshError);
    expect(attempt).toThrow(
      "INVALID_ARGUMENT: agent type a: handlers has two entries for message demo.Text",
    );
  });

  it.each(["", "a/b", "a b", "x".repeat(129)])("refuses the type %j", (type) => {
    expect(() => defineAgent(type, { handlers: () => [] })).toThrow(
      /INVALID_ARGUMENT: agent type /,
    );
  });
});

describe("the types of handlers", () => {
  type State = { seen: number; phase: "idle" | "busy"; names: string[] };
  const schema = z.object({
    seen: z.number(),
    phase: z.enum(["idle", "busy"]),
    names: z.array(z.string()),
  });

  it("follow message, reply and state", () => {
    const agent = defineAgent("a", {
      state: { schema, initial: () => ({ seen: 0, phase: "idle" as const, names: [] }) },
      handlers: (on) => [
        on(Ask, async (ask, ctx) => {
          expectTypeOf(ask).toEqualTypeOf<{ question: string }>();
          expectTypeOf(ctx.state).toEqualTypeOf<State>();
          if (ask.question === "") throw new AppError("empty", "ask something");
          return { text: await ctx.send(ctx.self, Ask({})).then((answer) => answer.text) };
        }),
        on(Tell, async function* ({ topic }) {
          yield { text: topic };
        }),
        on(Text, () => {}),
        on(Phase, async ({ phase }, ctx) => {
          ctx.state.phase = phase;
        }),
      ],
      onDeactivate: (state) => {
        expectTypeOf(state).toEqualTypeOf<State>();
      },
    });
    expectTypeOf(agent).toEqualTypeOf<AgentDefinition<State>>();
  });

  it("keep the literals of handlers without parameters", () => {
    const agent = defineAgent("a", {
      handlers: (on) => [
        on(AskPhase, async () => ({ phase: "busy" })),
        on(TellPhase, async function* () {
          yield { phase: "busy" };
        }),
      ],
    });
    expectTypeOf(agent).toEqualTypeOf<AgentDefinition<undefined>>();
  });

  it("take the state from `initial`, also from its promise, and are undefined without", () => {
    defineAgent("a", {
      state: { initial: async (of) => ({ key: of.key }) },
      handlers: (on) => [
        on(Text, (_, ctx) => void expectTypeOf(ctx.state).toEqualTypeOf<{ key: string }>()),
      ],
    });
    defineAgent("a", {
      handlers: (on) => [
        on(Text, (_, ctx) => void expectTypeOf(ctx.state).toEqualTypeOf<undefined>()),
      ],
    });
  });

  it("work in generic functions", () => {
    const keep = <S>(initial: () => S): AgentDefinition<S> =>
      defineAgent("a", {
        state: { initial },
        handlers: (on) => [on(Text, (_, ctx) => void ctx.state)],
      });
    const echo = <T>(
      type: MessageType<never, T, OneReply<T, unknown>>,
    ): AgentDefinition<undefined> =>
      defineAgent("a", { handlers: (on) => [on(type, async (message) => message)] });
    const sink = <T>(type: MessageType<never, T, NoReply>, into: T[]): AgentDefinition<undefined> =>
      defineAgent("a", { handlers: (on) => [on(type, (message) => void into.push(message))] });
    expectTypeOf(keep(() => 1)).toEqualTypeOf<AgentDefinition<number>>();
    expectTypeOf([echo, sink]).toBeArray();
  });

  it("refuse wrong replies", () => {
    defineAgent("a", {
      handlers: (on) => [
        // @ts-expect-error wrong shape
        on(Ask, async () => ({ txt: "x" })),
        // @ts-expect-error wrong shape, not asynchronous
        on(defineMessage("1", z.object({}), { reply: Text }), () => ({ text: 1 })),
        // @ts-expect-error no reply where one is due
        on(defineMessage("2", z.object({}), { reply: Text }), async () => {}),
        // @ts-expect-error a reply where none is due
        on(Text, async () => "x"),
        // @ts-expect-error one reply where a stream is due
        on(Tell, async () => ({ text: "x" })),
        on(
          TellPhase,
          // @ts-expect-error a stream of something else
          async function* () {
            yield { phase: "asleep" };
          },
        ),
        on(
          AskPhase,
          // @ts-expect-error a stream where one reply is due
          async function* () {
            yield { phase: "busy" };
          },
        ),
      ],
    });
  });

  it("refuse a state that does not fit the schema, or is named but not made", () => {
    defineAgent("a", {
      // @ts-expect-error seen is a number
      state: { schema: z.object({ seen: z.number() }), initial: () => ({ seen: "x" }) },
      handlers: () => [],
    });
    defineAgent("a", {
      state: { initial: () => new Map<string, number>() },
      handlers: () => [],
      onSave: (seen) => {
        expectTypeOf(seen).toEqualTypeOf<Map<string, number>>();
        return [...seen];
      },
      // @ts-expect-error a load makes the state
      onLoad: (saved) => saved,
    });
    // @ts-expect-error nothing makes the state
    defineAgent<State>("a", { handlers: () => [] });
  });
});
