/** Callers without agents, over real sockets; the services answer what the test tells them to. */
import { agentId, failure, topicId } from "@agentmesh/proto";
import {
  GetStatusResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListWorkersResponse,
  WorkerPhase,
} from "@agentmesh/proto/agentmesh/v1";
import { decodeContent, toErrorMessage } from "@agentmesh/proto/wire";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectAdmin } from "./admin.ts";
import { connectClient, type MeshClient } from "./client.ts";
import { statusOf } from "./test-doubles/fake-host.ts";
import {
  contentOf,
  FakeServices,
  holding,
  NOTHING,
  type UnaryCall,
} from "./test-doubles/fake-services.ts";
import { Ask, Note, Tell } from "./test-doubles/messages.ts";
import { Gate, jsonContent, jsonOf } from "./test-doubles/scripted-mesh.ts";

const other = agentId("other", "k");
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
    client = await connectClient({ host, token: "secret", namespace: "blue" });
  });

  afterEach(() => client.close());

  test("sends and gets the reply", async () => {
    let seen: UnaryCall | undefined;
    script.send = (call, answer) => {
      seen = call;
      answer(null, holding(jsonContent("test.Count", { n: 9 })));
    };
    expect(await client.send(other, Ask({ n: 1 }), { metadata: { a: "b" } })).toEqual({ n: 9 });
    expect(seen?.metadata.get("authorization")).toEqual(["Bearer secret"]);
    expect(seen?.metadata.get("agentmesh-namespace")).toEqual(["blue"]);
    expect(seen?.request.subarray(0, 2 + (seen.request[1] ?? 0))).toEqual(
      Buffer.concat([Buffer.from([0x0a, other.encoded.length]), other.encoded]),
    );
    const content = contentOf(seen?.request ?? NOTHING);
    expect(decodeContent(content).metadata).toEqual({ a: "b" });
    expect(jsonOf(content)).toEqual({ n: 1 });
  });

  test("sends what nothing answers, and is told when an answer is missing or wrong", async () => {
    script.send = (_, answer) => answer(null, NOTHING);
    expect(await client.send(other, Note({ n: 1 }))).toBeUndefined();
    await expect(client.send(other, Ask({ n: 1 }))).rejects.toMatchObject({
      code: "PAYLOAD_INVALID",
      outcome: "executed",
    });
  });

  test("is told the failure with all that it says", async () => {
    const reason = failure("MAILBOX_FULL", "wait", { retryAfterMs: 100 });
    script.send = (_, answer) => answer(statusOf(reason));
    await expect(client.send(other, Note({ n: 1 }))).rejects.toMatchObject({
      code: "MAILBOX_FULL",
      message: "MAILBOX_FULL: wait",
      outcome: "not-executed",
      retryable: true,
      retryAfterMs: 100,
    });
  });

  test("gives up after its time", async () => {
    script.send = () => undefined;
    await expect(client.send(other, Note({ n: 1 }), { timeoutMs: 20 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
  });

  test("takes sends back, before and after they have left", async () => {
    const arrived = new Gate();
    const cancelled = new Gate();
    script.send = (call) => {
      call.on("cancelled", cancelled.open);
      arrived.open();
    };
    const abort = new AbortController();
    const sent = client.send(other, Note({ n: 1 }), { signal: abort.signal });
    await arrived.passed;
    abort.abort("enough");
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED", cause: "enough" });
    await cancelled.passed;
    await expect(
      client.send(other, Note({ n: 1 }), { signal: abort.signal }),
    ).rejects.toMatchObject({ code: "CANCELLED", outcome: "not-executed" });
  });

  test("reads a stream, and leaves it", async () => {
    const cancelled = new Gate();
    script.stream = (call) => {
      call.on("cancelled", cancelled.open);
      for (let n = 0; n < 5; n++) call.write(holding(jsonContent("test.Count", { n })));
    };
    const read: number[] = [];
    for await (const { n } of client.stream(other, Tell({ n: 1 }))) {
      read.push(n);
      if (n === 3) break;
    }
    expect(read).toEqual([0, 1, 2, 3]);
    await cancelled.passed;
  });

  test("leaves a stream while it waits for what does not come", async () => {
    const arrived = new Gate();
    const cancelled = new Gate();
    script.stream = (call) => {
      call.on("cancelled", cancelled.open);
      arrived.open();
    };
    const replies = client.stream(other, Tell({ n: 1 }))[Symbol.asyncIterator]();
    const awaited = replies.next();
    await arrived.passed;
    const over = { done: true, value: undefined };
    expect(await replies.return?.()).toEqual(over);
    expect(await awaited).toEqual(over);
    expect(await replies.next()).toEqual(over);
    await cancelled.passed;
  });

  test("is told how a stream ended", async () => {
    script.stream = (call) => {
      call.write(holding(jsonContent("test.Count", { n: 1 })));
      call.emit("error", statusOf(failure("WORKER_LOST")));
    };
    const read: number[] = [];
    const reading = async () => {
      for await (const { n } of client.stream(other, Tell({ n: 1 }), { timeoutMs: 500 })) {
        read.push(n);
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: "WORKER_LOST", outcome: "unknown" });
    expect(read).toEqual([1]);
  });

  test("publishes", async () => {
    script.publish = (call, answer) => {
      expect(jsonOf(contentOf(call.request))).toEqual({ n: 4 });
      answer(null, NOTHING);
    };
    await client.publish(topicId("news", "k"), Note({ n: 4 }));
    script.publish = (_, answer) => answer(statusOf(failure("STORE_UNAVAILABLE")));
    await expect(client.publish(topicId("news", "k"), Note({ n: 4 }))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });

  test("goes on at the next address when its host is gone, and repeats what never left", async () => {
    // A port that was in use a moment ago has nobody who listens.
    const gone = await FakeServices.start();
    gone.stop();
    await using both = await connectClient({ host: [host, gone.address] });
    const dropped = Object.assign(new Error("dropped"), { code: status.UNAVAILABLE });
    script.send = (_, answer) => answer(dropped);
    const lost = { code: "CONNECTION_LOST", outcome: "unknown", retryable: false };
    await expect(both.send(other, Note({ n: 1 }))).rejects.toMatchObject(lost);
    script.send = (_, answer) => answer(null, NOTHING);
    await both.send(other, Note({ n: 1 }));
    // Once more is enough: nobody tries for ever.
    const refusal = statusOf(failure("HOST_DRAINING"));
    script.send = (_, answer) => answer(refusal);
    const neverLeft = { code: "CONNECTION_LOST", outcome: "not-executed", retryable: true };
    await expect(both.send(other, Note({ n: 1 }))).rejects.toMatchObject(neverLeft);
  });

  test("leaves a host that is draining, and repeats what that has refused", async () => {
    const draining = await FakeServices.start();
    const refusal = statusOf(failure("HOST_DRAINING"));
    let refused = 0;
    draining.send = (_, answer) => {
      refused++;
      answer(refusal);
    };
    draining.stream = (call) => {
      refused++;
      call.emit("error", refusal);
    };
    const count = holding(jsonContent("test.Count", { n: 1 }));
    script.send = (_, answer) => answer(null, count);
    script.stream = (call) => {
      call.write(count);
      call.end();
    };
    for (const ask of [sendOnce, readOnce]) {
      await using both = await connectClient({ host: [draining.address, host] });
      expect([await ask(both), await ask(both)]).toEqual([{ n: 1 }, { n: 1 }]);
    }
    expect(refused).toBe(2);
    await using alone = await connectClient({ host: draining.address });
    await expect(sendOnce(alone)).rejects.toMatchObject({ code: "HOST_DRAINING" });
    expect(refused).toBe(3);
    draining.stop();
  });

  test("settles what is open when it is closed", async () => {
    const [sent, streamed] = [new Gate(), new Gate()];
    script.send = () => sent.open();
    script.stream = () => streamed.open();
    const reply = client.send(other, Note({ n: 1 }));
    const element = client
      .stream(other, Tell({ n: 1 }))
      [Symbol.asyncIterator]()
      .next();
    const closed = { code: "CLOSED", outcome: "unknown", retryable: false };
    const refusals = Promise.all([
      expect(reply).rejects.toMatchObject(closed),
      expect(element).rejects.toMatchObject(closed),
    ]);
    await Promise.all([sent.passed, streamed.passed]);
    await client.close();
    await refusals;
  });

  test("does nothing more once it is closed", async () => {
    await client.close();
    await expect(client.send(other, Note({ n: 1 }))).rejects.toMatchObject({ code: "CLOSED" });
  });
});

function sendOnce(client: MeshClient): Promise<unknown> {
  return client.send(other, Ask({ n: 1 }));
}

async function readOnce(client: MeshClient): Promise<unknown> {
  const elements = client.stream(other, Tell({ n: 1 }))[Symbol.asyncIterator]();
  const { value } = await elements.next();
  return value;
}

test("a client that reaches nobody says so", async () => {
  script.stop();
  await expect(connectClient({ host, connectTimeoutMs: 500 })).rejects.toMatchObject({
    code: "CONNECTION_LOST",
    retryable: true,
    message: expect.stringMatching(/within 500 ms at 127.*ECONNREFUSED/),
  });
});

describe("an admin", () => {
  test("sees status, workers and dead letters, page by page", async () => {
    const cursors: string[] = [];
    script.admin = (name, request) => {
      if (name === "GetStatus") return GetStatusResponse.encode(SOME_STATUS).finish();
      if (name === "ListWorkers") {
        return ListWorkersResponse.encode({ workers: [SOME_WORKER], nextCursor: "" }).finish();
      }
      const { cursor } = ListDeadLettersRequest.decode(request);
      cursors.push(cursor);
      const page = { deadLetters: [SOME_LETTER], nextCursor: cursor === "" ? "more" : "" };
      return ListDeadLettersResponse.encode(page).finish();
    };
    await using admin = await connectAdmin({ host });
    expect(await admin.status()).toMatchObject({ hostId: "h", counters: { sends: 3 } });
    expect(await admin.workers()).toMatchObject([{ name: "w", phase: "suspended" }]);
    const letters = [];
    for await (const letter of admin.deadLetters()) letters.push(letter);
    expect(cursors).toEqual(["", "more"]);
    expect(letters).toHaveLength(2);
    expect(letters[0]).toMatchObject({
      id: 5,
      target: { type: "worker", key: "k" },
      sender: undefined,
      topic: { type: "news", source: "k" },
      reason: { code: "HANDLER_FAILED", text: "oh", stack: "at …" },
      attempts: 2,
    });
  });
});

const SOME_STATUS = {
  hostId: "h",
  hostVersion: "1",
  uptimeMs: 1,
  draining: false,
  workersConnected: 1,
  workersSuspended: 0,
  agentsActive: 0,
  subscriptions: 0,
  inFlight: 0,
  queued: 0,
  deadLetters: 2,
  deadLettersReplaying: 0,
  storedBytes: 0,
  counters: { sends: 3 },
};

const SOME_WORKER = {
  sessionId: "s",
  name: "w",
  instanceId: "i",
  peer: "p",
  phase: WorkerPhase.SUSPENDED,
  agentTypes: ["worker"],
  agentsActive: 0,
  inFlight: 0,
  sdk: "sdk",
  connectedUnixMs: 1,
  labels: {},
  protocol: "agentmesh.v1",
};

const SOME_LETTER = {
  id: 5,
  target: { type: "worker", key: "k" },
  sender: undefined,
  topic: { type: "news", source: "k" },
  error: toErrorMessage(failure("HANDLER_FAILED", "oh", { stack: "at …" })),
  attempts: 2,
  crashes: 0,
  firstDeliveredUnixMs: 0,
  lastDeliveredUnixMs: 5,
  acceptedUnixMs: 1,
  parkedUnixMs: 2,
  subscription: "",
  messageType: "test.Note",
  payloadBytes: 7,
  content: undefined,
  traceId: "",
  replays: 0,
  replayTarget: undefined,
};
