/** How long callers without agents wait, and how much they may ask for. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { agentId, topicId } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AdminCallOptions, connectAdmin, type MeshAdmin } from "./admin.ts";
import { connectClient, type MeshClient } from "./client.ts";
import {
  FakeServices,
  holding,
  NOTHING,
  type StreamCall,
  type UnaryCall,
} from "./test-doubles/fake-services.ts";
import { Note, Tell } from "./test-doubles/messages.ts";
import { Gate, jsonContent } from "./test-doubles/scripted-mesh.ts";

const other = agentId("other", "k");
const news = topicId("news", "k");
let script: FakeServices;
let host: string;

beforeEach(async () => {
  script = await FakeServices.start();
  host = script.address;
});

afterEach(() => script.stop());

describe("a client", () => {
  let client: MeshClient;
  let clock: FakeClock;

  beforeEach(async () => {
    clock = new FakeClock();
    client = await connectClient({ host, clock });
  });

  afterEach(() => client.close());

  test("tells the host how long it waits", async () => {
    const deadline = new Promise<unknown>((resolve) => {
      script.publish = (call) => resolve(call.getDeadline());
    });
    const startMs = Date.now();
    const late = { code: "DEADLINE_EXCEEDED", outcome: "unknown" };
    const call = client.publish(news, Note({ n: 1 }), { timeoutMs: 60_000 });
    call.catch(() => undefined);
    const atMs = Number(await deadline);
    expect(atMs).toBeGreaterThanOrEqual(startMs);
    expect(atMs).toBeLessThanOrEqual(Date.now() + 60_000);
    clock.advance(60_000);
    await expect(call).rejects.toMatchObject(late);
    for (const timeoutMs of [0, Number.NaN]) {
      const wrong = { code: "INVALID_ARGUMENT" };
      await expect(client.publish(news, Note({ n: 1 }), { timeoutMs })).rejects.toMatchObject(
        wrong,
      );
      await expect(client.send(other, Note({ n: 1 }), { timeoutMs })).rejects.toMatchObject(wrong);
    }
  });

  test("waits 30 s when it is not told how long, and leaves the host its own default", async () => {
    const arrived = [new Gate(), new Gate(), new Gate()];
    const deadlines: unknown[] = [];
    const take = (call: UnaryCall | StreamCall, index: number): void => {
      deadlines.push(call.getDeadline());
      arrived[index]?.open();
    };
    script.send = (call) => take(call, 0);
    script.publish = (call) => take(call, 1);
    script.stream = (call) => take(call, 2);
    const calls = [
      client.send(other, Note({ n: 1 })),
      client.publish(news, Note({ n: 1 })),
      client
        .stream(other, Tell({ n: 1 }))
        [Symbol.asyncIterator]()
        .next(),
    ];
    for (const call of calls) call.catch(() => undefined);
    await Promise.all(arrived.map(({ passed }) => passed));
    expect(deadlines).toEqual([Infinity, Infinity, Infinity]);
    expect(clock.pending).toBe(3);
    clock.advance(29_999);
    expect(clock.pending).toBe(3);
    clock.advance(1);
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", outcome: "unknown" });
    }
    expect(clock.pending).toBe(0);
  });

  test("does not count the time that a slow reader takes", async () => {
    let next: () => void = () => undefined;
    script.stream = (call) => {
      let n = 0;
      next = () => void call.write(holding(jsonContent("test.Count", { n: ++n })));
      next();
    };
    const options = { timeoutMs: 400 };
    const elements = client.stream(other, Tell({ n: 1 }), options)[Symbol.asyncIterator]();
    expect(await elements.next()).toMatchObject({ value: { n: 1 } });
    clock.advance(1_000);
    next();
    expect(await elements.next()).toMatchObject({ value: { n: 2 } });
    expect(clock.pending).toBe(0);
    const missing = elements.next();
    missing.catch(() => undefined);
    clock.advance(400);
    await expect(missing).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("refuses what is too large without asking the host", async () => {
    let requests = 0;
    const count = (): void => {
      requests++;
    };
    script.send = count;
    script.publish = count;
    script.stream = count;
    const tooLarge = { code: "PAYLOAD_TOO_LARGE", outcome: "not-executed" };
    const filler = { metadata: { filler: "x".repeat(5 * 1024 * 1024) } };
    await expect(client.send(other, Note({ n: 1 }), filler)).rejects.toMatchObject(tooLarge);
    await expect(client.publish(news, Note({ n: 1 }), filler)).rejects.toMatchObject(tooLarge);
    const elements = client.stream(other, Tell({ n: 1 }), filler)[Symbol.asyncIterator]();
    await expect(elements.next()).rejects.toMatchObject(tooLarge);
    await using small = await connectClient({ host, maxPayloadBytes: 1_024 });
    const some = { metadata: { filler: "x".repeat(1_024) } };
    await expect(small.send(other, Note({ n: 1 }), some)).rejects.toMatchObject(tooLarge);
    expect(requests).toBe(0);
  });

  test("slows down who has too many calls open", async () => {
    const arrived = new Gate();
    script.send = () => arrived.open();
    const abort = new AbortController();
    const filler = { metadata: { filler: "x".repeat(4_000_000) }, signal: abort.signal };
    const open = Array.from({ length: 16 }, () => client.send(other, Note({ n: 1 }), filler));
    await expect(client.send(other, Note({ n: 1 }), filler)).rejects.toMatchObject({
      code: "OVERLOADED",
      outcome: "not-executed",
      retryable: true,
      retryAfterMs: 100,
    });
    await arrived.passed;
    abort.abort();
    for (const { status } of await Promise.allSettled(open)) expect(status).toBe("rejected");
    script.send = (_, answer) => answer(null, NOTHING);
    await client.send(other, Note({ n: 1 }));
  });
});

test.each([connectClient, connectAdmin])(
  "%o is given up when the caller gives up",
  async (connect) => {
    const blackHole = createServer();
    await new Promise<void>((resolve) => blackHole.listen(0, "127.0.0.1", resolve));
    const { port } = blackHole.address() as AddressInfo;
    const taken = new Promise<Socket>((resolve) => blackHole.once("connection", resolve));
    const abort = new AbortController();
    const connecting = connect({ host: `127.0.0.1:${port}`, signal: abort.signal });
    connecting.catch(() => undefined);
    const socket = await taken;
    abort.abort("enough");
    const cancelled = { code: "CANCELLED", cause: "enough", outcome: "not-executed" };
    await expect(connecting).rejects.toMatchObject(cancelled);
    socket.destroy();
    blackHole.close();
    await expect(connect({ host, signal: abort.signal })).rejects.toMatchObject(cancelled);
  },
);

test.each([
  ["status", (admin: MeshAdmin, options: AdminCallOptions) => admin.status(options)],
  ["workers", (admin: MeshAdmin, options: AdminCallOptions) => admin.workers(options)],
  [
    "dead letters",
    (admin: MeshAdmin, options: AdminCallOptions) =>
      admin.deadLetters(options)[Symbol.asyncIterator]().next(),
  ],
])("an admin waits for the %s as long as it is told", async (_, ask) => {
  const arrived = new Gate();
  script.admin = () => {
    arrived.open();
    return undefined;
  };
  await using admin = await connectAdmin({ host });
  await expect(ask(admin, { timeoutMs: 50 })).rejects.toMatchObject({
    code: "DEADLINE_EXCEEDED",
  });
  const abort = new AbortController();
  const asked = ask(admin, { signal: abort.signal });
  asked.catch(() => undefined);
  await arrived.passed;
  abort.abort("enough");
  const cancelled = { code: "CANCELLED", cause: "enough" };
  await expect(asked).rejects.toMatchObject(cancelled);
  await expect(ask(admin, { signal: abort.signal })).rejects.toMatchObject(cancelled);
  await expect(ask(admin, { timeoutMs: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
