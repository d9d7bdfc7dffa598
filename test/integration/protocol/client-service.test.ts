import { FakeClock } from "@agentmesh/proto/testing";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { agentType, fail, reply, send, textOf, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

async function serving(options = {}) {
  const clock = new FakeClock();
  const mesh = await hostForTest(options, clock);
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
  return { clock, mesh, client: mesh.client, worker };
}

describe("Send", () => {
  test("returns the reply of the agent, to whom nobody sends", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "why?");
    const deliver = await worker.next("deliver");
    expect([deliver.target.text, deliver.sender, textOf(deliver.content)]).toEqual([
      "a/1",
      undefined,
      "why?",
    ]);
    worker.write(reply(deliver, "42"));
    const outcome = await call.outcome;
    expect(outcome.kind === "ok" && outcome.response.reply?.data.toString()).toBe("42");
  });

  test("of a message without reply returns none", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "");
    worker.write(turnEnd(await worker.next("deliver")));
    expect(await call.outcome).toEqual({ kind: "ok", response: { reply: undefined } });
  });

  test("that fails ends with the status of the code and the whole error in its details", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "");
    const hints = {
      appCode: "NO_STOCK",
      details: Buffer.from('{"left":0}'),
      stack: "at secret.ts:1",
    };
    worker.write(fail(await worker.next("deliver"), "APPLICATION", "none left", hints));
    expect(await call.outcome).toMatchObject({
      kind: "failed",
      status: Status.UNKNOWN,
      details: "APPLICATION: none left",
      error: {
        code: "APPLICATION",
        outcome: "executed",
        appCode: "NO_STOCK",
        details: hints.details,
        stack: "",
      },
    });
  });

  test("to a type that nobody announced fails at once, whatever its deadline", async () => {
    const { client } = await serving();
    expect(await client.send("nobody/1", "", { deadlineMs: 60_000 }).outcome).toMatchObject({
      status: Status.NOT_FOUND,
      error: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed" },
    });
  });

  test.each([
    ["a bad agent type", "a b/1"],
    ["no target at all", "/"],
  ])("with %s is refused", async (_name, target) => {
    const { client } = await serving();
    expect(await client.send(target, "").outcome).toMatchObject({
      status: Status.INVALID_ARGUMENT,
      error: { code: "INVALID_ARGUMENT" },
    });
  });

  test("with bytes that are no request is refused, and the host goes on", async () => {
    const { client, worker } = await serving();
    for (const method of ["Send", "Publish"]) {
      const outcome = await client.call(`ClientService/${method}`, Buffer.from("0affff", "hex"))
        .outcome;
      expect(outcome).toMatchObject({ status: Status.INVALID_ARGUMENT });
    }
    await worker.barrier();
  });

  test("takes its deadline from gRPC", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "", { deadlineMs: 20_000 });
    const deliver = await worker.next("deliver");
    expect(deliver.timeoutMs).toBeGreaterThan(10_000);
    expect(deliver.timeoutMs).toBeLessThanOrEqual(20_000);
    call.cancel();
    await call.outcome;
  });

  test("whose deadline passes ends, and the worker is told to stop", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "", { deadlineMs: 30 });
    const deliver = await worker.next("deliver");
    expect(await call.outcome).toMatchObject({ status: Status.DEADLINE_EXCEEDED });
    expect((await worker.next("cancel-delivery")).delivery).toBe(deliver.delivery);
  });

  test("that is cancelled tells the worker to stop", async () => {
    const { client, worker } = await serving();
    const call = client.send("a/1", "");
    const deliver = await worker.next("deliver");
    call.cancel();
    expect(await call.outcome).toMatchObject({ status: Status.CANCELLED });
    expect((await worker.next("cancel-delivery")).delivery).toBe(deliver.delivery);
    worker.write(turnEnd(deliver));
    await worker.barrier();
  });

  test("that is cancelled while it waits is never shipped", async () => {
    const { mesh, client } = await serving();
    const narrow = await mesh.worker([], {
      hello: { agentTypes: [agentType("b", { agentWindow: 1 })] },
    });
    narrow.write(send(1, "b/1", ""));
    const first = await narrow.next("deliver");
    const call = client.send("b/1", "");
    await mesh.untilStatus(({ queued }) => queued === 1, "the send to wait");
    call.cancel();
    await call.outcome;
    await mesh.untilStatus(({ queued }) => queued === 0, "the send to go");
    narrow.write(turnEnd(first));
    await narrow.barrier();
    expect(narrow.taken("deliver")).toEqual([]);
  });
});

describe("Publish", () => {
  test("returns the id of the accepted event", async () => {
    const { client, worker } = await serving();
    const outcome = await client.publish("news/paris", "rain").outcome;
    const event = await worker.next("event");
    expect(outcome).toEqual({ kind: "ok", response: { id: event.id } });
    expect([event.topic.source, event.sender, textOf(event.content)]).toEqual([
      "paris",
      undefined,
      "rain",
    ]);
  });

  test("twice is two events", async () => {
    const { client, worker } = await serving();
    await client.publish("news/s", "one").outcome;
    await client.publish("news/s", "two").outcome;
    expect((await worker.next("event")).id).not.toBe((await worker.next("event")).id);
  });

  test.each([
    ["a bad topic", "no blanks/s", {}, "INVALID_ARGUMENT"],
    ["no source", "news/", {}, "INVALID_ARGUMENT"],
    ["a delay", "news/s", { delayMs: 5 }, "UNIMPLEMENTED"],
    ["a dedup id", "news/s", { dedupId: "once" }, "UNIMPLEMENTED"],
  ])("with %s is refused", async (_name, on, fields, code) => {
    const { client } = await serving();
    expect(await client.publish(on, "", fields).outcome).toMatchObject({ error: { code } });
  });
});

describe("the namespace of a call", () => {
  test("is that of its metadata", async () => {
    const { mesh, client, worker } = await serving();
    const blue = await mesh.worker(["a"], { hello: { namespace: "blue" } });
    const call = client.send("a/1", "", { headers: { "agentmesh-namespace": "blue" } });
    blue.write(turnEnd(await blue.next("deliver")));
    expect((await call.outcome).kind).toBe("ok");
    await worker.barrier();
    expect(worker.taken("deliver")).toEqual([]);
  });

  test("in which nobody is knows no type, and leaves nothing behind", async () => {
    const { client } = await serving();
    const headers = { "agentmesh-namespace": "empty" };
    expect(await client.send("a/1", "", { headers }).outcome).toMatchObject({
      error: { code: "AGENT_TYPE_UNKNOWN" },
    });
    expect((await client.publish("news/s", "", { headers }).outcome).kind).toBe("ok");
  });

  test("that breaks the grammar is refused", async () => {
    const { client } = await serving();
    const outcome = await client.send("a/1", "", { headers: { "agentmesh-namespace": "a/b" } })
      .outcome;
    expect(outcome).toMatchObject({ status: Status.INVALID_ARGUMENT });
  });
});

test("a host with a token admits only calls that carry it", async () => {
  const mesh = await hostForTest({ token: "secret" });
  const { client } = mesh;
  const headers = { authorization: "Bearer secret" };
  for (const call of [client.send("a/1", ""), client.publish("news/s", "")]) {
    expect(await call.outcome).toMatchObject({
      status: Status.UNAUTHENTICATED,
      error: { code: "UNAUTHENTICATED" },
    });
  }
  expect(await client.stream("a/1", "").ended).toMatchObject({ status: Status.UNAUTHENTICATED });
  await expect(client.status()).rejects.toThrow("UNAUTHENTICATED");
  expect(await client.send("a/1", "", { headers }).outcome).toMatchObject({
    error: { code: "AGENT_TYPE_UNKNOWN" },
  });
  expect((await client.publish("news/s", "", { headers }).outcome).kind).toBe("ok");
  expect((await client.status({ headers })).draining).toBe(false);
});
