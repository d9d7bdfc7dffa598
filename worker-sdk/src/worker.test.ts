/** A worker over a real socket, with a host that says what the test tells it to. Time is the test's own. */
import { agentId, failure, topicId } from "@agentmesh/proto";
import { DONE } from "@agentmesh/proto/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { closureAgent } from "./agent/closure-agent.ts";
import { defineMessage } from "./messages/define-message.ts";
import { FakeHost } from "./test-doubles/fake-host.ts";
import { Ask, Count, Note } from "./test-doubles/messages.ts";
import { jsonContent } from "./test-doubles/scripted-mesh.ts";
import { agree, isKind, noteDelivery, until, WorkerRig } from "./test-doubles/worker-rig.ts";
import { connectWorker } from "./worker.ts";

const other = agentId("other", "k");
const news = topicId("news", "k");
const JSON_SCHEMA = "application/schema+json";
const count = (n: number) => jsonContent(Count.messageName, { n });

let rig: WorkerRig;

beforeEach(async () => {
  rig = await WorkerRig.start();
});

afterEach(() => rig.stop());

/** Moves the clock on, a little with every turn of the event loop, until what is awaited has come or failed. */
async function ticking<Value>(awaited: Promise<Value>): Promise<Value> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  awaited.then(over, over);
  while (!isOver) {
    rig.clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return awaited;
}

describe("the first connection", () => {
  test("says who the worker is", async () => {
    const { worker, stream } = await rig.connected({
      namespace: "blue",
      name: "w1",
      token: "secret",
      labels: { zone: "a" },
      maxInFlight: 7,
    });
    expect(stream.hello).toMatchObject({
      versionMin: 1,
      versionMax: 1,
      namespace: "blue",
      name: "w1",
      instanceId: worker.instanceId,
      labels: { zone: "a" },
      maxInFlight: 7,
      sdkName: "agentmesh-ts",
      resume: true,
      resumeToken: "",
    });
    expect(stream.metadata.get("authorization")).toEqual(["Bearer secret"]);
    expect(worker.currentStatus).toEqual({
      kind: "connected",
      hostId: "fake",
      address: rig.host.address,
      resumed: false,
    });
  });

  test.each([
    "UNAUTHENTICATED",
    "VERSION_UNSUPPORTED",
    "INVALID_ARGUMENT",
    "PAYLOAD_TOO_LARGE",
  ] as const)("that is refused as %s is not tried again", async (code) => {
    rig.host.refuse = () => failure(code, "no way");
    await expect(connectWorker({ host: rig.host.address, clock: rig.clock })).rejects.toMatchObject(
      {
        code,
        message: `${code}: no way`,
      },
    );
    expect(rig.clock.pending).toBe(0);
  });

  test("is tried again after other refusals, at other addresses in turn", async () => {
    const second = await FakeHost.start();
    const reasons: string[] = [];
    rig.host.refuse = () => {
      reasons.push("refused");
      return failure("HOST_DRAINING");
    };
    const connecting = connectWorker({
      host: [rig.host.address, second.address],
      clock: rig.clock,
      random: () => 0,
    });
    // The first attempt fails; the next one waits for the clock.
    const stream = await ticking(second.stream());
    stream.welcome();
    const worker = await connecting;
    rig.adopt(worker);
    expect(reasons).toEqual(["refused"]);
    expect(worker.currentStatus).toMatchObject({ address: second.address });
    stream.end();
    await second[Symbol.asyncDispose]();
  });

  test("is given up after its time, with the last reason", async () => {
    rig.host.refuse = () => failure("HOST_DRAINING", "closing time");
    const connecting = connectWorker({
      host: rig.host.address,
      clock: rig.clock,
      connectTimeoutMs: 3_000,
    });
    await expect(ticking(connecting)).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      outcome: "not-executed",
      message: expect.stringMatching(/within 3000 ms; .*HOST_DRAINING: closing time/),
    });
  });

  test("is given up when the caller gives up", async () => {
    const abort = new AbortController();
    const options = { host: rig.host.address, clock: rig.clock, signal: abort.signal };
    const connecting = connectWorker(options);
    connecting.catch(() => undefined);
    const stream = await rig.host.stream();
    abort.abort("enough");
    const cancelled = { code: "CANCELLED", cause: "enough", outcome: "not-executed" };
    await expect(connecting).rejects.toMatchObject(cancelled);
    await stream.ended();
    expect(rig.clock.pending).toBe(0);
    await expect(connectWorker(options)).rejects.toMatchObject(cancelled);
    expect(rig.host.unseen).toBe(0);
    expect(rig.clock.pending).toBe(0);
  });

  test("that stands does not care for the signal any more", async () => {
    const abort = new AbortController();
    const { worker, stream } = await rig.connected({ signal: abort.signal });
    abort.abort();
    const subscribing = worker.subscribe({ type: "news" }, "worker");
    stream.sayControl(agree((await stream.controlOf("subscribe")).value.request));
    await subscribing;
  });

  test("fails when the peer is no host", async () => {
    const connecting = connectWorker({ host: rig.host.address, clock: rig.clock });
    const stream = await rig.host.stream();
    stream.say({ kind: "accepted", sequences: [1] });
    await expect(connecting).rejects.toMatchObject({ code: "PROTOCOL_VIOLATION" });
  });
});

describe("a stream that is open", () => {
  test("carries sends, deliveries and publishes", async () => {
    const { worker, stream } = await rig.connected();
    const reply = worker.send(other, Ask({ n: 1 }));
    const published = worker.publish(news, Note({ n: 2 }));
    const send = await stream.frameOf("send");
    const publish = await stream.frameOf("publish");
    stream.say(
      { kind: "result", request: send.request, ending: { kind: "reply", content: count(5) } },
      { kind: "accepted", sequences: [publish.sequence] },
    );
    expect(await reply).toEqual({ n: 5 });
    await published;

    const seen: number[] = [];
    await rig.registered(worker, stream, (n) => void seen.push(n));
    stream.say(noteDelivery(1, 3));
    expect(await stream.frameOf("turn-end")).toMatchObject({ delivery: 1, ending: DONE });
    expect(seen).toEqual([3]);
  });

  test("answers questions, and refusals are told", async () => {
    const { worker, stream } = await rig.connected();
    const subscribing = worker.subscribe({ typePrefix: "a." }, "worker");
    const { request, subscription } = (await stream.controlOf("subscribe")).value;
    expect(subscription).toMatchObject({
      match: { $case: "topicTypePrefix", value: "a." },
      agentType: "worker",
    });
    const error = {
      code: 24,
      text: "it differs",
      outcome: 1,
      retryable: false,
      appCode: "",
      details: Buffer.alloc(0),
      retryAfterMs: 0,
      stack: "",
    } as const;
    stream.sayControl({ $case: "answer", value: { request, error } });
    await expect(subscribing).rejects.toMatchObject({
      code: "SUBSCRIPTION_CONFLICT",
      message: "SUBSCRIPTION_CONFLICT: it differs",
    });
  });

  test("tells what messages look like, also to the host of the next session", async () => {
    const { worker, stream } = await rig.connected();
    const Wish = defineMessage("test.Wish", z.object({ text: z.string() }));
    const registering = worker.register(closureAgent("fairy", Wish, () => {}));
    const { request, agentType } = (await stream.controlOf("registerAgentType")).value;
    stream.sayControl(agree(request));
    await registering;
    const [handled] = agentType?.handles ?? [];
    expect(handled).toMatchObject({ messageType: "test.Wish", schemaType: JSON_SCHEMA });
    expect(JSON.parse(String(handled?.schema))).toMatchObject({
      type: "object",
      properties: { text: { type: "string" } },
    });
    await rig.cut(worker, stream);
    expect((await rig.nextStream()).hello.agentTypes).toEqual([agentType]);
  });

  test("answers a ping at once, and asks for a sign of life when there is none", async () => {
    const { stream } = await rig.connected();
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 7 } } }], 0, 0);
    expect(await stream.unnumbered()).toEqual({ $case: "pong", value: { nonce: 7 } });
    rig.clock.advance(2_600);
    expect(await stream.unnumbered()).toMatchObject({ $case: "ping" });
  });

  test("without any sign of life is broken", async () => {
    const { worker, stream } = await rig.connected();
    rig.clock.advance(8_100);
    // It was silent for so long that the host may have taken the agents by now.
    expect(await until(worker, isKind("lapsed"))).toMatchObject({
      reason: expect.stringContaining("no sign of life"),
    });
    await stream.ended();
  });

  test("acknowledges what arrives", async () => {
    const { stream } = await rig.connected();
    stream.say({ kind: "accepted", sequences: [99] });
    // An answer says that it has arrived.
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
    await stream.unnumbered();
    await stream.acknowledgement();
    rig.clock.advance(1_100);
    expect(await stream.acknowledgement()).toBe(1);
  });

  test("holds work back while the host is leaving, and follows its recommendation", async () => {
    const { worker, stream } = await rig.connected();
    const second = await FakeHost.start();
    stream.sayControl({ $case: "drain", value: { graceMs: 1_000, address: second.address } });
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
    await stream.unnumbered();
    const reply = worker.send(other, Ask({ n: 1 }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.unseen).toBe(0);
    stream.end(failure("HOST_DRAINING"));
    await until(worker, isKind("suspended"));
    rig.clock.advance(0);
    const next = await second.stream();
    next.welcome();
    const send = await next.frameOf("send");
    next.say({
      kind: "result",
      request: send.request,
      ending: { kind: "reply", content: count(1) },
    });
    expect(await reply).toEqual({ n: 1 });
    next.end();
    await until(worker, isKind("suspended"));
    await second[Symbol.asyncDispose]();
  });

  test("names other addresses of the mesh, which are tried when its own does not work", async () => {
    const second = await FakeHost.start();
    const { worker, stream } = await rig.connected(
      { random: () => 0 },
      { alternateAddresses: ["mesh:0", "mesh:99999", "not an address", second.address] },
    );
    rig.host.refuse = () => failure("HOST_DRAINING");
    await rig.cut(worker, stream);
    const next = await ticking(second.stream());
    next.welcome();
    expect(await until(worker, isKind("connected"))).toMatchObject({ address: second.address });
    next.end();
    await until(worker, isKind("suspended"));
    await second[Symbol.asyncDispose]();
  });

  test("stays when its host recommends what is no address", async () => {
    const { worker, stream } = await rig.connected();
    for (const address of ["mesh:0", "mesh:65536", "a b", ""]) {
      stream.sayControl({ $case: "drain", value: { graceMs: 1_000, address } });
    }
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
    await stream.unnumbered();
    await rig.cut(worker, stream);
    (await rig.nextStream()).welcome({ resumed: true });
    expect(await until(worker, isKind("connected"))).toMatchObject({ resumed: true });
  });

  test("lives by the times of its host", async () => {
    const times = { heartbeatMs: 300, livenessMs: 900, leaseMs: 400 };
    const { worker, stream } = await rig.connected({}, times);
    rig.clock.advance(299);
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
    // Nothing was asked before the answer: it is heard of too recently.
    expect(await stream.unnumbered()).toMatchObject({ $case: "pong" });
    rig.clock.advance(400);
    expect(await stream.unnumbered()).toMatchObject({ $case: "ping" });
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 2 } } }], 0, 0);
    expect(await stream.unnumbered()).toMatchObject({ $case: "pong" });

    await rig.cut(worker, stream);
    rig.host.refuse = () => failure("HOST_DRAINING");
    rig.clock.advance(399);
    expect(worker.currentStatus.kind).toBe("suspended");
    rig.clock.advance(1);
    expect(worker.currentStatus.kind).toBe("lapsed");

    rig.host.refuse = () => undefined;
    rig.clock.advance(5_000);
    const next = await rig.host.stream();
    next.welcome(times);
    await until(worker, isKind("connected"));
    rig.clock.advance(800);
    expect(worker.currentStatus.kind).toBe("connected");
    rig.clock.advance(200);
    expect(worker.currentStatus).toMatchObject({
      kind: "lapsed",
      reason: expect.stringContaining("no sign of life"),
    });
  });

  test("is ended by what breaks the protocol, and the next session is a new one", async () => {
    const { worker, stream } = await rig.connected();
    stream.sendBatch([{ kind: "accepted", sequences: [1] }], 5, 0);
    expect(await until(worker, isKind("suspended"))).toMatchObject({
      reason: expect.stringContaining("PROTOCOL_VIOLATION"),
    });
    const next = await rig.nextStream();
    expect(next.hello.resumeToken).toBe("");
  });

  test("says goodbye when the worker closes", async () => {
    const { worker, stream } = await rig.connected();
    const closing = worker.close();
    await stream.controlOf("goodbye");
    stream.finish();
    await closing;
    expect(worker.currentStatus).toEqual({ kind: "closed", reason: undefined });
    expect(await worker.closed).toBeUndefined();
  });
});
