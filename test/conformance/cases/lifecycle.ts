/** The life of a runtime: its status, and how it leaves. */
import { type AgentRuntime, agentId, defineAgent, topicId } from "@agentmesh/worker-sdk";
import { expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { Journal } from "../../support/journal.ts";
import { aborted, collect, refusalOf } from "../../support/settling.ts";
import { within } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, Recite, Say } from "../vocabulary.ts";

/** An agent type that comes to the gate with what it is told, and answers notes at once. */
function slow(gate: Gate, left = new Journal<string>("last acts")) {
  return defineAgent("slow", {
    state: { initial: ({ key }) => key },
    onDeactivate: (key) => left.add(key),
    handlers: (on) => [
      on(Say, async (say, ctx) => {
        await Promise.race([gate.pass(), aborted(ctx.signal)]);
        return say;
      }),
      on(Note, () => {}),
      on(Recite, async function* (_, ctx) {
        yield { index: 0 };
        await Promise.race([gate.pass(), aborted(ctx.signal)]);
        yield { index: 1 };
      }),
    ],
  });
}

/** Everything that a runtime does from outside of turns. */
function attempts(runtime: AgentRuntime): Promise<unknown>[] {
  return [
    runtime.send(agentId("slow", "b"), Note({ text: "hi" })),
    collect(runtime.stream(agentId("slow", "b"), Recite({ count: 2 }))),
    runtime.publish(topicId("news"), Note({ text: "hi" })),
    runtime.register(defineAgent("late", { handlers: () => [] })),
    runtime.unregister("slow"),
    runtime.subscribe({ type: "news" }, "slow"),
  ];
}

async function expectRefused(runtime: AgentRuntime): Promise<void> {
  for (const attempt of attempts(runtime).map(refusalOf)) {
    const error = await attempt;
    expect(error).toMatchObject({ code: "CLOSED", outcome: "not-executed", retryable: false });
  }
}

export const lifecycle: readonly Case[] = [
  {
    id: "status.stream",
    promise: "The status is a stream: the current one first, then every change; it ends.",
    async run({ runtimes: [runtime] }) {
      const statuses = collect(runtime.status);
      expect(runtime.currentStatus.kind).toBe("connected");
      await runtime.drain();
      expect((await statuses).map(({ kind }) => kind)).toEqual(["connected", "draining", "closed"]);
      expect(await collect(runtime.status)).toEqual([{ kind: "closed", reason: undefined }]);
    },
  },
  {
    id: "status.left",
    promise: "A reader of the status may leave early; others read on.",
    async run({ runtimes: [runtime] }) {
      const others = collect(runtime.status);
      for await (const { kind } of runtime.status) {
        expect(kind).toBe("connected");
        break;
      }
      await runtime.close();
      expect((await others).map(({ kind }) => kind)).toEqual(["connected", "closed"]);
    },
  },
  {
    id: "drain.finishes",
    promise: "A drain lets turns finish and their replies arrive, and then closes.",
    async run({ runtimes: [runtime] }) {
      const gate = new Gate("the handler");
      const left = new Journal<string>("last acts");
      await runtime.register(slow(gate, left));
      await runtime.send(agentId("slow", "idle"), Note({ text: "hi" }));
      const sent = runtime.send(agentId("slow", "busy"), Say({ text: "in time" }));
      await gate.arrivals();
      const drained = runtime.drain();
      expect(runtime.currentStatus.kind).toBe("draining");
      gate.open();
      await expect(sent).resolves.toEqual({ text: "in time" });
      await drained;
      expect([...left.entries].sort()).toEqual(["busy", "idle"]);
      expect(runtime.currentStatus.kind).toBe("closed");
    },
  },
  {
    id: "drain.refuses",
    promise: "A runtime that drains takes nothing new from outside of turns.",
    async run({ runtimes: [runtime] }) {
      const gate = new Gate("the handler");
      await runtime.register(slow(gate));
      const sent = runtime.send(agentId("slow", "a"), Say({ text: "in time" }));
      await gate.arrivals();
      const drained = runtime.drain();
      await expectRefused(runtime);
      gate.open();
      await sent;
      await drained;
    },
  },
  {
    id: "drain.nested",
    promise: "Turns that finish during a drain may still send and publish.",
    async run({ caller, runtimes: [runtime], register }) {
      const gate = new Gate("the outer handler");
      const outer = defineAgent("outer", {
        handlers: (on) => [
          on(Say, async (say, ctx) => {
            await gate.pass();
            await ctx.publish(topicId("news", "a"), Note(say));
            return ctx.send(agentId("inner", "a"), Say(say));
          }),
        ],
      });
      const inner = defineAgent("inner", { handlers: (on) => [on(Say, async (say) => say)] });
      await register(outer);
      await register(inner);
      await caller.send(agentId("inner", "a"), Say({ text: "be there" }));
      const sent = caller.send(agentId("outer", "a"), Say({ text: "in time" }));
      await gate.arrivals();
      const drained = runtime.drain();
      gate.open();
      const reply = within(sent, () => "a turn that sends while its worker drains");
      await expect(reply).resolves.toEqual({ text: "in time" });
      await drained;
    },
  },
  {
    id: "drain.grace",
    promise: "What has not finished within the grace of a drain is given up.",
    async run({ runtimes: [runtime], advance }) {
      const gate = new Gate("the handler");
      await runtime.register(slow(gate));
      const refusal = refusalOf(runtime.send(agentId("slow", "a"), Say({ text: "too late" })));
      await gate.arrivals();
      const drained = runtime.drain({ graceMs: 1_000 });
      await advance(1_020);
      await drained;
      expect(await refusal).toMatchObject({ code: "CLOSED", outcome: "unknown" });
    },
  },
  {
    id: "drain.twice",
    promise: "Drain and close may be called again, and in any order.",
    async run({ runtimes: [runtime] }) {
      await Promise.all([runtime.drain(), runtime.drain(), runtime.close(), runtime.close()]);
      await runtime.drain();
      await runtime.close();
      expect(runtime.currentStatus).toEqual({ kind: "closed", reason: undefined });
    },
  },
  {
    id: "close.pending",
    promise: "A close settles every send and stream that is open, and tells the turns to stop.",
    async run({ runtimes: [runtime] }) {
      const gate = new Gate("handlers");
      await runtime.register(slow(gate));
      const sent = refusalOf(runtime.send(agentId("slow", "a"), Say({ text: "lost" })));
      const behind = refusalOf(runtime.send(agentId("slow", "a"), Say({ text: "lost" })));
      const pieces = runtime.stream(agentId("slow", "b"), Recite({ count: 2 }));
      const iterator = pieces[Symbol.asyncIterator]();
      await iterator.next();
      const next = refusalOf(iterator.next());
      await gate.arrivals(2);
      await runtime.close();
      for (const error of await Promise.all([sent, behind, next])) {
        expect(error).toMatchObject({ code: "CLOSED", outcome: "unknown", retryable: false });
      }
    },
  },
  {
    id: "close.signal",
    promise: "The signals of running turns fire when their runtime closes.",
    async run({ runtimes: [runtime] }) {
      const gate = new Gate("the handler");
      const reasons = new Journal<unknown>("signals");
      const sleeper = defineAgent("sleeper", {
        handlers: (on) => [
          on(Note, async (_, ctx) => {
            await gate.pass();
            await aborted(ctx.signal);
            reasons.add(ctx.signal.reason);
          }),
        ],
      });
      await runtime.register(sleeper);
      gate.open();
      const refusal = refusalOf(runtime.send(agentId("sleeper", "a"), Note({ text: "hi" })));
      await gate.arrivals();
      await runtime.close();
      expect(await reached(reasons, 1)).toMatchObject([{ code: "CLOSED" }]);
      await refusal;
    },
  },
  {
    id: "close.callers",
    promise: "Who waits for an agent of a runtime that closes is told so, and what it can know.",
    async run({ caller, runtimes: [runtime] }) {
      const gate = new Gate("the handler");
      await runtime.register(slow(gate));
      const refusal = refusalOf(caller.send(agentId("slow", "a"), Say({ text: "lost" })));
      await gate.arrivals();
      await runtime.close();
      const error = await refusal;
      expect(["CLOSED", "WORKER_LOST"]).toContain(error.code);
      expect(error).toMatchObject({ outcome: "unknown", retryable: false });
    },
  },
  {
    id: "close.gone",
    promise: "The agent types of a runtime that has closed are gone, also for others.",
    async run({ caller, runtimes: [runtime] }) {
      await runtime.register(slow(new Gate("the handler")));
      const target = agentId("slow", "a");
      await caller.send(target, Note({ text: "hi" }));
      await runtime.close();
      const error = await refusalOf(caller.send(target, Note({ text: "hi" })));
      expect(["CLOSED", "AGENT_TYPE_UNKNOWN"]).toContain(error.code);
      expect(error.outcome).toBe("not-executed");
    },
  },
  {
    id: "close.hooks",
    promise: "Agents that have nothing to do act for the last time before a close is over.",
    async run({ runtimes: [runtime] }) {
      const left = new Journal<string>("last acts");
      await runtime.register(slow(new Gate("the handler"), left));
      for (const key of ["a", "b"]) {
        await runtime.send(agentId("slow", key), Note({ text: "hi" }));
      }
      await runtime.close();
      expect([...left.entries].sort()).toEqual(["a", "b"]);
      expect(runtime.activeAgents).toBe(0);
    },
  },
  {
    id: "close.refuses",
    promise: "A runtime that has closed does nothing more.",
    async run({ runtimes: [runtime] }) {
      await runtime.register(slow(new Gate("the handler")));
      await runtime.close();
      await expectRefused(runtime);
    },
  },
  {
    id: "close.await-using",
    promise: "`await using` closes a runtime at the end of its block.",
    async run({ runtimes }) {
      {
        await using runtime = runtimes[0];
        expect(runtime.currentStatus.kind).toBe("connected");
      }
      expect(runtimes[0].currentStatus.kind).toBe("closed");
    },
  },
];
