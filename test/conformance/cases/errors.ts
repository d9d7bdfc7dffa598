/** Errors: what callers learn of a failure, and what they do not. */
import { AppError, agentId, defineAgent, MeshError, type On, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { refusalOf } from "../../support/settling.ts";
import { eventually } from "../../support/waiting.ts";
import type { Case, Stage } from "../stage.ts";
import { Note, numbers, Say } from "../vocabulary.ts";

/** An agent type whose handler does `act` instead of replying. */
function failing(act: () => never) {
  return defineAgent("failing", {
    subscriptions: ["doom"],
    handlers: (on) => [on(Say, act), on(Note, act)],
  });
}

async function failureOf({ caller, register }: Stage, act: () => never): Promise<MeshError> {
  await register(failing(act));
  return refusalOf(caller.send(agentId("failing", "a"), Say({ text: "hi" })));
}

/** Its name is what must not be seen by callers. */
function secretRecipe(): never {
  throw new Error("the oven is cold");
}

export const errors: readonly Case[] = [
  {
    id: "error.application",
    promise: "Code, text and details of an AppError reach the caller.",
    async run(stage) {
      const error = await failureOf(stage, () => {
        throw new AppError("SOLD_OUT", "no tickets left", { left: 0, waiting: ["ann", "bob"] });
      });
      expect(error).toMatchObject({
        code: "APPLICATION",
        appCode: "SOLD_OUT",
        outcome: "executed",
        retryable: false,
      });
      expect(error.details).toEqual({ left: 0, waiting: ["ann", "bob"] });
      expect(error.message).toContain("no tickets left");
    },
  },
  {
    id: "error.thrown",
    promise: "An Error that a handler throws becomes HANDLER_FAILED with its text.",
    async run(stage) {
      const error = await failureOf(stage, secretRecipe);
      expect(error).toMatchObject({
        code: "HANDLER_FAILED",
        outcome: "executed",
        retryable: false,
      });
      expect(error.message).toContain("the oven is cold");
      expect(error).toBeInstanceOf(MeshError);
    },
  },
  {
    id: "error.endless",
    promise: "An agent that cannot be created harms no other, however much the reason says.",
    async run({ caller, register }) {
      const reason = "upstream said: ".padEnd(6_000_000, "x");
      const initial = (): undefined => {
        throw new Error(reason);
      };
      const handlers = (on: On<undefined>) => [on(Say, async (said) => said)];
      await register(defineAgent("unborn", { state: { initial }, handlers }));
      await register(defineAgent("neighbour", { handlers }));
      const error = await refusalOf(caller.send(agentId("unborn", "a"), Say({ text: "hi" })));
      expect(error).toMatchObject({ code: "ACTIVATION_FAILED", outcome: "not-executed" });
      expect(error.message.length).toBeLessThan(10_000);
      const answer = caller.send(agentId("neighbour", "a"), Say({ text: "hello" }));
      await expect(answer).resolves.toEqual({ text: "hello" });
    },
  },
  {
    id: "error.thrown-value",
    promise: "Whatever else a handler throws becomes HANDLER_FAILED too.",
    async run({ caller, register }) {
      const thrower = defineAgent("thrower", {
        handlers: (on) => [
          on(Say, async ({ text }) => {
            // Callers in plain JavaScript throw anything.
            return Promise.reject(text === "nothing" ? undefined : { toString: () => text });
          }),
        ],
      });
      await register(thrower);
      const error = await refusalOf(
        caller.send(agentId("thrower", "a"), Say({ text: "a tantrum" })),
      );
      expect(error).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(error.message).toContain("a tantrum");
      const nothing = await refusalOf(
        caller.send(agentId("thrower", "a"), Say({ text: "nothing" })),
      );
      expect(nothing).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
    },
  },
  {
    id: "error.no-stack",
    promise: "Callers do not see the stack of a handler; dead letters have it.",
    async run(stage) {
      const error = await failureOf(stage, secretRecipe);
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(
        "secretRecipe",
      );
      await stage.caller.publish(topicId("doom"), Note({ text: "hi" }));
      const letters = await eventually(
        stage.deadLetters,
        ({ length }) => length > 0,
        "a dead letter",
      );
      expect(letters[0]?.stack).toContain("secretRecipe");
    },
  },
  {
    id: "error.type-unknown",
    promise: "A send to an agent type that nobody announced fails at once.",
    async run({ caller }) {
      // Time stands still: none of them can have waited for its deadline.
      const sends = numbers(1_000).map((number) =>
        refusalOf(caller.send(agentId("nobody", `${number}`), Say({ text: "hi" }))),
      );
      for (const error of await Promise.all(sends)) {
        expect(error).toMatchObject({
          code: "AGENT_TYPE_UNKNOWN",
          outcome: "not-executed",
          retryable: true,
        });
        expect(error.status).toBe("NOT_FOUND");
      }
    },
  },
  {
    id: "error.grammar",
    promise: "Ids and limits that break their grammar are refused before anything is sent.",
    async run({ caller }) {
      expect(() => agentId("no spaces", "a")).toThrow(MeshError);
      expect(() => topicId("no spaces")).toThrow(MeshError);
      const message = Say({ text: "hi" });
      for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const event = Note({ text: "hi" });
        for (const call of [
          caller.send(agentId("nobody", "a"), message, { timeoutMs }),
          caller.publish(topicId("news"), event, { timeoutMs }),
        ]) {
          expect(await refusalOf(call)).toMatchObject({
            code: "INVALID_ARGUMENT",
            outcome: "not-executed",
          });
        }
      }
    },
  },
  {
    id: "error.nested-caught",
    promise: "An agent gets the typed error of the agent that it asked, and may go on.",
    async run({ caller, register }) {
      await register(
        failing(() => {
          throw new AppError("SOLD_OUT", "no tickets left", { left: 0 });
        }),
      );
      const broker = defineAgent("broker", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            const error = await refusalOf(ctx.send(agentId("failing", "a"), Say(say)));
            return { text: `${error.appCode} ${JSON.stringify(error.details)} ${error.outcome}` };
          }),
        ],
      });
      await register(broker);
      const { text } = await caller.send(agentId("broker", "a"), Say({ text: "two" }));
      expect(text).toBe('SOLD_OUT {"left":0} executed');
    },
  },
  {
    id: "error.nested-uncaught",
    promise:
      "An error of a nested send that nobody catches is a failure of the agent that sent it.",
    async run({ caller, register }) {
      const forwarder = defineAgent("forwarder", {
        handlers: (on) => [on(Say, (say, ctx) => ctx.send(agentId("nobody", "a"), Say(say)))],
      });
      await register(forwarder);
      const error = await refusalOf(caller.send(agentId("forwarder", "a"), Say({ text: "hi" })));
      // Not AGENT_TYPE_UNKNOWN: that would promise that nothing was executed.
      expect(error).toMatchObject({
        code: "HANDLER_FAILED",
        outcome: "executed",
        retryable: false,
      });
      expect(error.message).toContain("AGENT_TYPE_UNKNOWN");
    },
  },
  {
    id: "error.isolated",
    promise: "A failed turn harms neither the agent's state nor its next message.",
    async run({ caller, register }) {
      const fragile = defineAgent("fragile", {
        state: { initial: () => ({ heard: 0 }) },
        handlers: (on) => [
          on(Say, async ({ text }, ctx) => {
            ctx.state.heard++;
            if (text === "boo") throw new Error("frightened");
            return { text: `${ctx.state.heard} ${ctx.activation}` };
          }),
        ],
      });
      await register(fragile);
      const target = agentId("fragile", "a");
      const before = await caller.send(target, Say({ text: "hi" }));
      const waiting = [
        refusalOf(caller.send(target, Say({ text: "boo" }))),
        caller.send(target, Say({ text: "hi" })),
      ];
      const [error, after] = await Promise.all(waiting);
      expect(error).toBeInstanceOf(MeshError);
      expect(after).toEqual({ text: before.text.replace(/^1/, "3") });
    },
  },
];
