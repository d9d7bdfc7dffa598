import { AppError, agentId, DEFAULTS, topicId } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineAgent } from "../../agent/define-agent.ts";
import { Ask, Note, Tell } from "../../test-doubles/messages.ts";
import { Gate, settled } from "../../test-doubles/scripted-mesh.ts";
import { anyKey } from "../any-key.ts";
import { createLocalRuntime, type LocalRuntime } from "./create-local-runtime.ts";

let clock: FakeClock;
let runtime: LocalRuntime;

beforeEach(() => {
  clock = new FakeClock();
  runtime = createLocalRuntime({ clock });
});

afterEach(() => runtime.close());

/** Registers an agent type for `Note`. */
function noting(
  type: string,
  handle: (n: number) => void | Promise<void>,
  subscriptions: string[] = [],
) {
  return runtime.register(
    defineAgent(type, { subscriptions, handlers: (on) => [on(Note, ({ n }) => handle(n))] }),
  );
}

test("messages are handled later than they are sent, in their order", async () => {
  const log: string[] = [];
  await noting("worker", (n) => void log.push(`handles ${n}`));
  const sent = [1, 2, 3].map((n) => runtime.send(agentId("worker", "k"), Note({ n })));
  log.push("all sent");
  await Promise.all(sent);
  expect(log).toEqual(["all sent", "handles 1", "handles 2", "handles 3"]);
});

test("nothing is shared: the receiver gets a copy", async () => {
  const sent = { n: 1 };
  let received: unknown;
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, (message) => {
          received = message;
        }),
      ],
    }),
  );
  await runtime.send(agentId("worker", "k"), Note(sent));
  expect(received).toEqual(sent);
  expect(received).not.toBe(sent);
});

test("an event reaches every agent type once, and not who published it", async () => {
  const log: string[] = [];
  const listener = (type: string) =>
    runtime.register(
      defineAgent(type, {
        subscriptions: ["news", { typePrefix: "ne" }, { typePrefix: "" }],
        handlers: (on) => [
          on(Note, async ({ n }, ctx) => {
            log.push(`${ctx.self.text} ${n} from ${ctx.sender?.text ?? "outside"}`);
            if (n === 1 && ctx.self.type === "one") {
              await ctx.publish(topicId("news", "k"), Note({ n: 2 }));
            }
          }),
        ],
      }),
    );
  await listener("one");
  await listener("two");
  await runtime.publish(topicId("news", "k"), Note({ n: 1 }));
  await runtime.idle();
  expect(log).toEqual(["one/k 1 from outside", "two/k 1 from outside", "two/k 2 from one/k"]);
  expect(runtime.deadLetters()).toEqual([]);
});

test("an event that failed is a dead letter, a send that failed is not", async () => {
  await noting(
    "worker",
    (n) => {
      throw new AppError("odd", `cannot do ${n}`);
    },
    ["news"],
  );
  await runtime.publish(topicId("news", "k"), Note({ n: 1 }));
  await expect(runtime.send(agentId("worker", "k"), Note({ n: 2 }))).rejects.toMatchObject({
    code: "APPLICATION",
  });
  await runtime.idle();
  expect(runtime.deadLetters()).toMatchObject([
    {
      target: { type: "worker", key: "k" },
      sender: undefined,
      topic: { type: "news", source: "k" },
      messageType: "test.Note",
      failure: { code: "APPLICATION", appCode: "odd", stack: expect.stringContaining("AppError") },
      attempts: 1,
    },
  ]);
});

test("an event that its handler wants later lets others pass and comes back as the next attempt", async () => {
  const log: string[] = [];
  await runtime.register(
    defineAgent("worker", {
      subscriptions: ["news"],
      handlers: (on) => [
        on(Note, ({ n }, ctx) => {
          log.push(`${n}, attempt ${ctx.attempt}, first ${ctx.firstDeliveredAt ?? "now"}`);
          if (n === 1 && ctx.attempt === 1) ctx.retryLater(1_000);
        }),
      ],
    }),
  );
  const firstAt = clock.unixMs();
  for (const n of [1, 2]) await runtime.publish(topicId("news", "k"), Note({ n }));
  await settled();
  clock.advance(1_000);
  await runtime.idle();
  expect(log).toEqual([
    "1, attempt 1, first now",
    "2, attempt 1, first now",
    `1, attempt 2, first ${firstAt}`,
  ]);
  expect(runtime.deadLetters()).toEqual([]);
});

test("a turn that does not end becomes a dead letter, and the agent begins anew", async () => {
  let turns = 0;
  await runtime.register(
    defineAgent("worker", {
      maxTurnMs: 100,
      state: { initial: () => ({ made: ++turns }) },
      handlers: (on) => [
        on(Ask, (_, ctx) => (ctx.state.made === 1 ? new Promise(() => {}) : { n: ctx.state.made })),
      ],
    }),
  );
  const hanging = runtime.send(agentId("worker", "k"), Ask({ n: 1 }), { timeoutMs: 60_000 });
  const behind = runtime.send(agentId("worker", "k"), Ask({ n: 2 }), { timeoutMs: 60_000 });
  await settled();
  clock.advance(11_000);
  await expect(hanging).rejects.toMatchObject({ code: "TURN_ABANDONED" });
  expect(await behind).toEqual({ n: 2 });
  expect(runtime.deadLetters()).toMatchObject([{ failure: { code: "TURN_ABANDONED" } }]);
});

test("an agent that cannot be made is not kept: it begins anew", async () => {
  let attempts = 0;
  const told = new Map<string, number>();
  const telling = (type: string, initial: () => unknown) =>
    runtime.register(
      defineAgent(type, {
        state: { initial },
        handlers: (on) => [on(Note, (_, ctx) => void told.set(type, ctx.activation))],
      }),
    );
  await telling("late", () => {
    attempts++;
    if (attempts === 1) throw new Error("not yet");
    return {};
  });
  await telling("between", () => ({}));
  await expect(runtime.send(agentId("late", "k"), Note({ n: 1 }))).rejects.toMatchObject({
    code: "ACTIVATION_FAILED",
  });
  await runtime.send(agentId("between", "k"), Note({ n: 2 }));
  await runtime.send(agentId("late", "k"), Note({ n: 3 }));
  // Activations are counted: one that was kept has the lower number.
  expect(told.get("late")).toBeGreaterThan(told.get("between") ?? Number.POSITIVE_INFINITY);
});

test("a type that is not there is unknown at once; it may come and go", async () => {
  const target = agentId("worker", "k");
  const unknown = { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" };
  await expect(runtime.send(target, Note({ n: 1 }))).rejects.toMatchObject(unknown);
  let goneWith = 0;
  await runtime.register(
    defineAgent("worker", {
      state: { initial: () => ({ n: 0 }) },
      handlers: (on) => [
        on(Note, ({ n }, ctx) => {
          ctx.state.n = n;
        }),
      ],
      onDeactivate: ({ n }) => {
        goneWith = n;
      },
    }),
  );
  await runtime.send(target, Note({ n: 7 }));
  await runtime.unregister("worker");
  await runtime.idle();
  expect(goneWith).toBe(7);
  await expect(runtime.send(target, Note({ n: 1 }))).rejects.toMatchObject(unknown);
});

test("any key is one agent", async () => {
  const keys = new Set<string>();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [on(Note, (_, ctx) => void keys.add(ctx.self.key))],
    }),
  );
  for (let n = 0; n < 3; n++) await runtime.send(anyKey("worker"), Note({ n }));
  expect([...keys]).toEqual(["~local"]);
  expect(() => anyKey("no type")).toThrow("agent type");
});

describe("chains of sends", () => {
  /** An agent that asks the next one, down to 0. */
  async function counting(next: (key: number) => number): Promise<void> {
    await runtime.register(
      defineAgent("link", {
        handlers: (on) => [
          on(Ask, async ({ n }, ctx) => {
            if (n === 0) return { n: 0 };
            const key = String(next(Number(ctx.self.key)));
            const { n: below } = await ctx.send(agentId("link", key), Ask({ n: n - 1 }));
            return { n: below + 1 };
          }),
        ],
      }),
    );
  }

  test("enter the agents that wait in them", async () => {
    await counting((key) => 1 - key);
    expect(await runtime.send(agentId("link", "0"), Ask({ n: 10 }))).toEqual({ n: 10 });
  });

  test("may go to the agent itself", async () => {
    await counting((key) => key);
    expect(await runtime.send(agentId("link", "0"), Ask({ n: 5 }))).toEqual({ n: 5 });
  });

  test("end at their greatest depth", async () => {
    await counting((key) => key + 1);
    const most = DEFAULTS.chainDepth;
    expect(await runtime.send(agentId("link", "0"), Ask({ n: most }))).toEqual({ n: most });
    await expect(runtime.send(agentId("link", "0"), Ask({ n: most + 1 }))).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      message: /CHAIN_TOO_DEEP/,
    });
  });

  test("of many at a time complete, whatever the windows are", async () => {
    await counting((key) => key + 1);
    const sends = Array.from({ length: 6_000 }, (_, key) =>
      runtime.send(agentId("link", String(key * 100)), Ask({ n: 3 })),
    );
    expect(new Set((await Promise.all(sends)).map(({ n }) => n))).toEqual(new Set([3]));
  });
});

test("a mailbox is bounded: sends fail, events become dead letters", async () => {
  const gate = new Gate();
  await noting("worker", () => gate.passed, ["news"]);
  const events = Array.from({ length: DEFAULTS.mailboxMessages + 1 }, (_, n) =>
    runtime.publish(topicId("news", "k"), Note({ n })),
  );
  await Promise.all(events);
  await expect(runtime.send(agentId("worker", "k"), Note({ n: 0 }))).rejects.toMatchObject({
    code: "MAILBOX_FULL",
  });
  expect(runtime.deadLetters()).toMatchObject([{ failure: { code: "MAILBOX_FULL" }, attempts: 0 }]);
  gate.open();
  await runtime.idle();
});

test("streams keep pace with their readers, and end when they leave", async () => {
  let written = 0;
  let closed = false;
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Tell, async function* ({ n }) {
          try {
            while (written < n) yield { n: ++written };
          } finally {
            closed = true;
          }
        }),
      ],
    }),
  );
  let read = 0;
  for await (const { n } of runtime.stream(agentId("worker", "k"), Tell({ n: 100_000 }))) {
    read = n;
    await settled();
    expect(written).toBeLessThanOrEqual(read + DEFAULTS.streamChunks);
    if (n === 200) break;
  }
  await runtime.idle();
  expect(closed).toBe(true);
});

test("idle waits for what is caused by what was sent", async () => {
  const log: number[] = [];
  await runtime.register(
    defineAgent("worker", {
      subscriptions: ["news"],
      handlers: (on) => [
        on(Note, async ({ n }, ctx) => {
          await settled();
          log.push(n);
          if (n < 3) await ctx.send(agentId("worker", "other"), Note({ n: n + 1 }));
        }),
      ],
    }),
  );
  await runtime.idle();
  void runtime.publish(topicId("news", "k"), Note({ n: 1 }));
  await runtime.idle();
  expect(log).toEqual([1, 2, 3]);
});

test("options are checked", () => {
  expect(() => createLocalRuntime({ maxTurnMs: 0 })).toThrow("maxTurnMs");
});

test("who waits for quiet is not forgotten when the runtime closes", async () => {
  const begun = new Gate();
  await noting("worker", () => {
    begun.open();
    return new Promise(() => {});
  }, ["news"]);
  await runtime.publish(topicId("news", "k"), Note({ n: 1 }));
  await begun.passed;
  const idle = runtime.idle();
  await settled();
  await runtime.close();
  await idle;
  await runtime.idle();
});
