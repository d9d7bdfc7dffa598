/** How long callers without agents wait, and how much they may ask for. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { agentId, topicId } from "@agentmesh/proto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AdminCallOptions, connectAdmin, type MeshAdmin } from "./admin.ts";
import { connectClient, type MeshClient } from "./client.ts";
import { FakeServices, holding, NOTHING } from "./testing/fake-services.ts";
import { Note, Tell } from "./testing/messages.ts";
import { Gate, jsonContent } from "./testing/scripted-mesh.ts";

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

  beforeEach(async () => {
    client = await connectClient({ host });
  });

  afterEach(() => client.close());

  test("waits for what never comes as long as it is told", async () => {
    script.stream = (call) => {
      call.write(holding(jsonContent("test.Count", { n: 1 })));
    };
    const bounds = { timeoutMs: 50 };
    const late = { code: "DEADLINE_EXCEEDED", outcome: "unknown" };
    await expect(client.publish(news, Note({ n: 1 }), bounds)).rejects.toMatchObject(late);
    const reading = async () => {
      for await (const { n } of client.stream(other, Tell({ n: 1 }), bounds)) expect(n).toBe(1);
    };
    await expect(reading()).rejects.toMatchObject(late);
    for (const timeoutMs of [0, Number.NaN]) {
      const wrong = { code: "INVALID_ARGUMENT" };
      await expect(client.publish(news, Note({ n: 1 }), { timeoutMs })).rejects.toMatchObject(
        wrong,
      );
      await expect(client.send(other, Note({ n: 1 }), { timeoutMs })).rejects.toMatchObject(wrong);
    }
  });

  test("waits 30 s when it is not told how long", async () => {
    const deadlines: unknown[] = [];
    script.send = (call, answer) => {
      deadlines.push(call.getDeadline());
      answer(null, NOTHING);
    };
    script.publish = script.send;
    const startMs = Date.now();
    await client.send(other, Note({ n: 1 }));
    await client.publish(news, Note({ n: 1 }));
    const endMs = Date.now();
    expect(deadlines).toHaveLength(2);
    for (const deadline of deadlines) {
      const atMs = Number(deadline);
      expect(atMs).toBeGreaterThan(startMs + 29_000);
      expect(atMs).toBeLessThan(endMs + 30_100);
    }
  });

  test("does not count the time that a slow reader takes", async () => {
    const went = new Gate();
    script.stream = (call) => {
      call.write(holding(jsonContent("test.Count", { n: 1 })));
      void went.passed.then(() => {
        call.write(holding(jsonContent("test.Count", { n: 2 })));
        call.end();
      });
    };
    const read: number[] = [];
    for await (const { n } of client.stream(other, Tell({ n: 1 }), { timeoutMs: 400 })) {
      read.push(n);
      went.open();
      if (n > 1) continue;
      // It takes longer than the limit: as long as a call that never ends.
      await expect(client.send(other, Note({ n }), { timeoutMs: 500 })).rejects.toThrow();
    }
    expect(read).toEqual([1, 2]);
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
