/** What a worker does when its stream breaks: in time, too late, and when the host has forgotten it. */
import { agentId, failure, topicId } from "@agentmesh/proto";
import type { WorkerFrame } from "@agentmesh/proto/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineAgent } from "./agent/define-agent.ts";
import type { FakeStream } from "./test-doubles/fake-host.ts";
import { Ask, Count, Note } from "./test-doubles/messages.ts";
import { Gate, jsonContent, jsonOf } from "./test-doubles/scripted-mesh.ts";
import { agree, isKind, noteDelivery, until, WorkerRig } from "./test-doubles/worker-rig.ts";
import type { Worker } from "./worker.ts";

const other = agentId("other", "k");
const news = topicId("news", "k");
const count = (n: number) => jsonContent(Count.messageName, { n });

let rig: WorkerRig;

beforeEach(async () => {
  rig = await WorkerRig.start();
});

afterEach(() => rig.stop());

/** The numbers `n` of the messages that frames carry. */
function sentNumbers(frames: Iterable<WorkerFrame>): unknown[] {
  return [...frames].flatMap((frame) =>
    frame.kind === "send" || frame.kind === "publish" ? [jsonOf(frame.content)] : [],
  );
}

/** Waits until the worker has taken everything that was said. */
async function heard(stream: FakeStream): Promise<void> {
  stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
  while ((await stream.unnumbered()).$case !== "pong");
}

describe("a stream that is back within the lease", () => {
  test("goes on where it was, in both directions, and nothing is lost, doubled or reordered", async () => {
    const { worker, stream } = await rig.connected();
    const handled: number[] = [];
    const gate = new Gate();
    await rig.registered(worker, stream, async (n) => {
      handled.push(n);
      if (n === 2) await gate.passed;
    });
    const registered = stream.receivedThrough;
    const replies = [1, 2, 3].map((n) => worker.send(other, Ask({ n })));
    for (let n = 1; n <= 3; n++) await stream.frameOf("send");
    // The host has acknowledged the first send only, and has answered none.
    const two = [noteDelivery(1, 1), noteDelivery(2, 2)];
    stream.sendBatch(two, stream.nextNumber, registered + 1);
    stream.nextNumber += 2;
    await stream.frameOf("turn-end");
    await rig.cut(worker, stream);

    // While it is broken, turns end and new work waits for the stream.
    gate.open();
    const late = worker.send(other, Ask({ n: 4 }));

    const next = await rig.nextStream();
    expect(next.hello).toMatchObject({ resumeToken: "token" });
    expect(next.resumesFrom).toBe(stream.nextNumber - 1);
    next.receivedThrough = registered + 2;
    next.welcome({ resumed: true });
    next.nextNumber = stream.nextNumber;
    // It is said again what had arrived, and it goes on from there.
    next.sendBatch(
      [noteDelivery(2, 2), noteDelivery(3, 3)],
      stream.nextNumber - 1,
      next.receivedThrough,
    );
    next.nextNumber++;
    const frames: WorkerFrame[] = [];
    while (frames.filter(({ kind }) => kind === "turn-end").length < 3)
      frames.push(await next.frame());
    expect(sentNumbers(frames)).toEqual([{ n: 3 }, { n: 4 }]);
    expect(frames.flatMap((frame) => (frame.kind === "turn-end" ? [frame.delivery] : []))).toEqual([
      1, 2, 3,
    ]);
    expect(handled).toEqual([1, 2, 3]);

    for (const request of [4, 3, 2, 1]) {
      next.say({ kind: "result", request, ending: { kind: "reply", content: count(request) } });
    }
    expect(await Promise.all([...replies, late])).toEqual([1, 2, 3, 4].map((n) => ({ n })));
    expect(worker.currentStatus).toMatchObject({ kind: "connected", resumed: true });
  });

  test("may break again and again", async () => {
    const { worker, stream } = await rig.connected();
    let current = stream;
    const replies: Promise<unknown>[] = [];
    for (let n = 1; n <= 5; n++) {
      replies.push(worker.send(other, Ask({ n })));
      await rig.cut(worker, current);
      rig.clock.advance(500);
      const next = await rig.nextStream();
      next.welcome({ resumed: true });
      for (let seen = 1; seen <= n; seen++) await next.frameOf("send");
      // Nothing is acknowledged: everything comes again.
      next.receivedThrough = 0;
      current = next;
    }
    current.nextNumber = 1;
    for (let request = 1; request <= 5; request++) {
      current.say({ kind: "result", request, ending: { kind: "reply", content: count(request) } });
    }
    expect(await Promise.all(replies)).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
  });

  test("whose host claims less than it has acknowledged cannot go on", async () => {
    const { worker, stream } = await rig.connected();
    void worker.send(other, Ask({ n: 1 })).catch(() => undefined);
    await stream.frameOf("send");
    stream.sendBatch([], 0, 1);
    await heard(stream);
    await rig.cut(worker, stream);
    const next = await rig.nextStream();
    next.welcome({ resumed: true }, 0);
    await next.ended();
    rig.clock.advance(5_000);
    expect((await rig.host.stream()).hello.resumeToken).toBe("");
  });
});

describe("a stream that is back after the lease", () => {
  async function lapsed(): Promise<{
    worker: Worker;
    log: string[];
    gate: Gate;
    stream: FakeStream;
  }> {
    const { worker, stream } = await rig.connected();
    const log: string[] = [];
    const gate = new Gate();
    await rig.registered(worker, stream, async (n, signal) => {
      log.push(`${n} starts`);
      if (n > 1) return;
      signal.addEventListener("abort", () => log.push(`${n} ${signal.reason.code}`));
      await gate.passed;
    });
    stream.say(noteDelivery(1, 1, 5), noteDelivery(2, 2, 5));
    await heard(stream);
    await rig.cut(worker, stream);
    rig.host.refuse = () => failure("HOST_DRAINING");
    rig.clock.advance(1_600);
    await until(worker, isKind("lapsed"));
    gate.open();
    await new Promise((resolve) => setImmediate(resolve));
    return { worker, log, gate, stream };
  }

  test("finds that no turn started, and loses the agents that the host has taken", async () => {
    const { worker, log, stream } = await lapsed();
    expect(log).toEqual(["1 starts", "1 WORKER_LOST"]);
    rig.host.refuse = () => undefined;
    rig.clock.advance(5_000);
    const next = await rig.host.stream();
    expect(next.hello.activations).toEqual([]);
    next.receivedThrough = stream.receivedThrough;
    next.nextNumber = stream.nextNumber;
    next.welcome({ resumed: true, lapsedThrough: 5 });
    next.say(noteDelivery(3, 3, 5), noteDelivery(4, 4, 6));
    const frames = [await next.frameOf("turn-end"), await next.frameOf("turn-end")];
    // The end of the first turn was under way; the host knows that it is stale.
    expect(frames.map(({ delivery, activation }) => [delivery, activation])).toEqual([
      [1, 5],
      [4, 6],
    ]);
    expect(log).toEqual(["1 starts", "1 WORKER_LOST", "4 starts"]);
    expect(worker.activeAgents).toBe(1);
  });

  test("goes on when the lease held for the host", async () => {
    const { log, stream } = await lapsed();
    rig.host.refuse = () => undefined;
    rig.clock.advance(5_000);
    const next = await rig.host.stream();
    next.receivedThrough = stream.receivedThrough;
    next.nextNumber = stream.nextNumber;
    next.welcome({ resumed: true });
    expect(await next.frameOf("turn-end")).toMatchObject({ delivery: 1 });
    expect(await next.frameOf("turn-end")).toMatchObject({ delivery: 2, ending: { kind: "done" } });
    expect(log.at(-1)).toBe("2 starts");
  });

  test("finds work waiting that came meanwhile, and lets it out", async () => {
    const { worker, stream } = await lapsed();
    const reply = worker.send(other, Ask({ n: 9 }));
    rig.host.refuse = () => undefined;
    rig.clock.advance(5_000);
    const next = await rig.host.stream();
    next.receivedThrough = stream.receivedThrough;
    next.nextNumber = stream.nextNumber;
    next.welcome({ resumed: true });
    let frame = await next.frame();
    while (frame.kind !== "send") frame = await next.frame();
    next.say({
      kind: "result",
      request: frame.request,
      ending: { kind: "reply", content: count(9) },
    });
    expect(await reply).toEqual({ n: 9 });
  });
});

describe("a host that has forgotten the session", () => {
  test("is told what is there, and gets again what it never had", async () => {
    const { worker, stream } = await rig.connected();
    const gate = new Gate();
    const turns: number[] = [];
    const registering = worker.register(
      defineAgent("worker", {
        subscriptions: ["news", "weather"],
        state: { initial: () => ({ turns: 0 }) },
        handlers: (on) => [
          on(Note, async ({ n }, ctx) => {
            ctx.state.turns++;
            turns.push(ctx.state.turns);
            if (n === 1) await gate.passed;
          }),
        ],
      }),
    );
    for (const name of ["registerAgentType", "subscribe", "subscribe"] as const) {
      stream.sayControl(agree((await stream.controlOf(name)).value.request));
    }
    await registering;
    stream.say(noteDelivery(1, 1, 7));
    const shipped = worker.send(other, Ask({ n: 1 }));
    const accepted = worker.publish(news, Note({ n: 2 }));
    const unanswered = worker.publish(news, Note({ n: 3 }));
    await stream.frameOf("send");
    const { sequence } = await stream.frameOf("publish");
    await stream.frameOf("publish");
    stream.say({ kind: "accepted", sequences: [sequence] });
    await accepted;
    await rig.cut(worker, stream);
    const queued = worker.send(other, Ask({ n: 4 }));
    const unsubscribing = worker.unsubscribe("s1");
    const later = worker.publish(news, Note({ n: 5 }));

    const next = await rig.nextStream();
    expect(next.hello).toMatchObject({
      resumeToken: "token",
      agentTypes: [{ name: "worker", handles: [{ messageType: "test.Note" }] }],
      // What is being taken back is not told any more.
      subscriptions: [{ id: "s2", match: { $case: "topicType", value: "weather" } }],
      activations: [{ number: 7, agent: { type: "worker", key: "k" } }],
    });
    next.welcome({ resumed: false, adopted: [7], resumeToken: "fresh" });
    await expect(shipped).rejects.toMatchObject({ code: "CONNECTION_LOST", outcome: "unknown" });

    // Questions first, then publishes in order, then sends; everything with numbers of the new session.
    const question = (await next.controlOf("unsubscribe")).value;
    expect(await next.frameOf("publish")).toMatchObject({ sequence: 2, resent: true });
    expect(await next.frameOf("publish")).toMatchObject({ sequence: 3, resent: false });
    const send = await next.frameOf("send");
    expect(jsonOf(send.content)).toEqual({ n: 4 });
    next.sayControl(agree(question.request));
    next.say({ kind: "accepted", sequences: [2, 3] });
    next.say({
      kind: "result",
      request: send.request,
      ending: { kind: "reply", content: count(4) },
    });
    await Promise.all([unsubscribing, unanswered, later]);
    expect(await queued).toEqual({ n: 4 });

    // The turn that was running belongs to the past; the agent goes on with its state.
    next.say(noteDelivery(1, 2, 7));
    await heard(next);
    expect(turns).toEqual([1]);
    gate.open();
    expect(await next.frameOf("turn-end")).toMatchObject({ delivery: 1, activation: 7 });
    expect(turns).toEqual([1, 2]);
    expect(next.unseen).toBe(0);
    expect(worker.currentStatus).toMatchObject({ resumed: false });

    await rig.cut(worker, next);
    rig.clock.advance(1_000);
    expect((await rig.nextStream()).hello.resumeToken).toBe("fresh");
  });

  test("and allows less is not sent again what is too large for it", async () => {
    const { worker, stream } = await rig.connected({}, { requestWindow: 3 });
    const filler = { metadata: { filler: "x".repeat(5_000) } };
    const left = worker.publish(news, Note({ n: 1 }), filler);
    const small = worker.publish(news, Note({ n: 2 }));
    const queued = worker.send(other, Ask({ n: 3 }));
    const waiting = [
      worker.publish(news, Note({ n: 4 }), filler),
      worker.send(other, Ask({ n: 5 }), filler),
    ];
    for (const call of [left, queued, ...waiting]) call.catch(() => undefined);
    await stream.frameOf("publish");
    await rig.cut(worker, stream);
    const next = await rig.nextStream();
    next.welcome({ maxPayloadBytes: 1_024 });
    const tooLarge = { code: "PAYLOAD_TOO_LARGE", retryable: false };
    await expect(left).rejects.toMatchObject({ ...tooLarge, outcome: "unknown" });
    for (const call of waiting) {
      await expect(call).rejects.toMatchObject({ ...tooLarge, outcome: "not-executed" });
    }
    const { sequence } = await next.frameOf("publish");
    next.say({ kind: "accepted", sequences: [sequence] });
    await small;
    await heard(next);
    expect(next.unseen).toBe(0);
  });

  test("that does not adopt an agent ends it", async () => {
    const { worker, stream } = await rig.connected();
    let reason: unknown;
    const gate = new Gate();
    await rig.registered(worker, stream, async (_, signal) => {
      await gate.passed;
      reason = signal.reason;
    });
    stream.say(noteDelivery(1, 1, 7));
    await heard(stream);
    await rig.cut(worker, stream);
    const next = await rig.nextStream();
    next.welcome({ adopted: [] });
    await heard(next);
    expect(worker.activeAgents).toBe(0);
    gate.open();
    await heard(next);
    expect(reason).toMatchObject({ code: "WORKER_LOST" });
    expect(next.unseen).toBe(0);
  });

  test("and refuses the credentials ends the worker", async () => {
    const { worker, stream } = await rig.connected();
    await rig.cut(worker, stream);
    rig.host.refuse = () => failure("UNAUTHENTICATED", "the token has changed");
    rig.clock.advance(0);
    expect(await worker.closed).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await until(worker, isKind("closed"))).toMatchObject({
      reason: { code: "UNAUTHENTICATED" },
    });
    await expect(worker.send(other, Ask({ n: 1 }))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
