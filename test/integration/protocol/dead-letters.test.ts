import { FakeClock } from "@agentmesh/proto/testing";
import { decodeContent, encodeContent } from "@agentmesh/proto/wire";
import { describe, expect, test } from "vitest";
import {
  agentType,
  content,
  done,
  fail,
  postpone,
  publish,
  send,
  subscription,
  textOf,
} from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

async function listener(mesh: TestHost, namespace = ""): Promise<RawWorker> {
  return mesh.worker(["a"], { subscriptions: ["news -> a"], hello: { namespace } });
}

/** Publishes and fails on it. */
async function failOn(worker: RawWorker, sequence: number, text: string): Promise<void> {
  worker.write(publish(sequence, "news/s", text));
  const { targets } = await worker.next("event");
  for (const target of targets) {
    worker.write(fail(target, "HANDLER_FAILED", `cannot ${text}`, { stack: `at ${text}.ts:1` }));
  }
  await worker.barrier();
}

test("an event whose handler fails becomes a dead letter with everything that a person needs", async () => {
  const mesh = await hostForTest();
  const worker = await listener(mesh);
  worker.write(send(1, "a/reporter", ""));
  const reporter = await worker.next("deliver");
  worker.write(publish(1, "news/paris", "rain", { activation: reporter.activation }));
  const event = await worker.next("event");
  for (const target of event.targets)
    worker.write(fail(target, "HANDLER_FAILED", "boom", { stack: "at a.ts:1" }));
  await worker.barrier();
  const { deadLetters, nextCursor } = await mesh.client.deadLetters();
  expect(nextCursor).toBe("");
  expect(deadLetters).toEqual([
    {
      id: event.id,
      target: { type: "a", key: "paris" },
      sender: { type: "a", key: "reporter" },
      topic: { type: "news", source: "paris" },
      error: expect.objectContaining({ code: 6, text: "boom", stack: "at a.ts:1" }),
      attempts: 1,
      crashes: 0,
      firstDeliveredUnixMs: expect.any(Number),
      lastDeliveredUnixMs: expect.any(Number),
      acceptedUnixMs: event.acceptedUnixMs,
      parkedUnixMs: expect.any(Number),
      subscription: "",
      messageType: "test.Text",
      payloadBytes: 4,
      content: undefined,
      traceId: "",
      replays: 0,
      replayTarget: undefined,
    },
  ]);
  const shown = await mesh.client.deadLetter({ id: event.id, target: undefined });
  expect(shown).toMatchObject({ kind: "ok", response: { deadLetter: { id: event.id } } });
  if (shown.kind === "ok")
    expect(shown.response.deadLetter?.content?.data).toEqual(Buffer.from("rain"));
  expect(await mesh.counter("dead_letters")).toBe(1);
});

test("a dead letter tells the trace of its message", async () => {
  const mesh = await hostForTest();
  const worker = await listener(mesh);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traced = {
    ...decodeContent(content("x")),
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  };
  worker.write(publish(1, "news/s", "", { content: encodeContent(traced) }));
  for (const target of (await worker.next("event")).targets)
    worker.write(fail(target, "HANDLER_FAILED"));
  await worker.barrier();
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([{ traceId }]);
});

test("dead letters are listed in pages, oldest first, and only those of the namespace", async () => {
  const mesh = await hostForTest();
  const [worker, stranger] = [await listener(mesh), await listener(mesh, "other")];
  await failOn(stranger, 1, "other");
  for (const [index, text] of ["one", "two", "three"].entries())
    await failOn(worker, index + 1, text);
  const first = await mesh.client.deadLetters({ limit: 2 });
  expect(first.deadLetters.map(({ error }) => error?.text)).toEqual(["cannot one", "cannot two"]);
  expect(first.nextCursor).not.toBe("");
  const second = await mesh.client.deadLetters({ limit: 2, cursor: first.nextCursor });
  expect(second.deadLetters.map(({ error }) => error?.text)).toEqual(["cannot three"]);
  expect(second.nextCursor).toBe("");
  const other = await mesh.client.deadLetters({}, { headers: { "agentmesh-namespace": "other" } });
  expect(other.deadLetters.map(({ error }) => error?.text)).toEqual(["cannot other"]);
});

test("a dead letter that does not exist, or is another namespace's, is not found", async () => {
  const mesh = await hostForTest();
  const worker = await listener(mesh);
  await failOn(worker, 1, "one");
  const { deadLetters } = await mesh.client.deadLetters();
  const id = deadLetters[0]?.id ?? 0;
  expect(await mesh.client.deadLetter({ id: 1, target: undefined })).toMatchObject({
    error: { code: "NOT_FOUND" },
  });
  const headers = { "agentmesh-namespace": "other" };
  expect(await mesh.client.deadLetter({ id, target: undefined }, { headers })).toMatchObject({
    error: { code: "NOT_FOUND" },
  });
});

test("a send that fails leaves no dead letter: its caller was told", async () => {
  const mesh = await hostForTest();
  const worker = await listener(mesh);
  const asked = worker.ask("a/1", "");
  worker.write(fail(await worker.next("deliver"), "HANDLER_FAILED"));
  expect(await asked).toMatchObject({ kind: "failed" });
  expect((await mesh.client.deadLetters()).deadLetters).toEqual([]);
});

test("a turn that was abandoned leaves one, and its agent is placed anew", async () => {
  const mesh = await hostForTest();
  const worker = await listener(mesh);
  const asked = worker.ask("a/1", "stuck");
  const deliver = await worker.next("deliver");
  worker.write(fail(deliver, "TURN_ABANDONED"));
  expect(await asked).toMatchObject({ failure: { code: "TURN_ABANDONED", outcome: "unknown" } });
  expect(await worker.nextControl("deactivate")).toEqual({ activations: [deliver.activation] });
  const { deadLetters } = await mesh.client.deadLetters();
  expect(deadLetters).toMatchObject([
    { id: deliver.id, topic: undefined, target: { type: "a", key: "1" } },
  ]);
  worker.write(send(1, "a/1", "next"));
  const next = await worker.next("deliver");
  expect(next.activation).toBeGreaterThan(deliver.activation);
});

test("an accepted event that finds the mailbox full is parked", async () => {
  const mesh = await hostForTest({ mailboxMessages: 2 });
  const worker = await mesh.worker([], {
    hello: {
      agentTypes: [agentType("a", { agentWindow: 1 })],
      subscriptions: [subscription("s", "news", "a")],
    },
  });
  worker.write(
    ...["shipped", "waits", "waits too", "too much"].map((text, n) =>
      publish(n + 1, "news/s", text),
    ),
  );
  expect((await worker.next("accepted")).sequences).toEqual([1, 2, 3, 4]);
  const { deadLetters } = await mesh.client.deadLetters();
  expect(deadLetters.map(({ error, attempts }) => [error?.code, attempts])).toEqual([[3, 0]]);
  const id = deadLetters[0]?.id ?? 0;
  const shown = await mesh.client.deadLetter({ id, target: undefined });
  if (shown.kind === "ok")
    expect(shown.response.deadLetter?.content?.data.toString()).toBe("too much");
});

test("the oldest dead letters go when there are more than the host keeps", async () => {
  const mesh = await hostForTest({ deadLetters: 2 });
  const worker = await listener(mesh);
  for (const [index, text] of ["one", "two", "three"].entries())
    await failOn(worker, index + 1, text);
  const { deadLetters } = await mesh.client.deadLetters();
  expect(deadLetters.map(({ error }) => error?.text)).toEqual(["cannot two", "cannot three"]);
  expect((await mesh.client.status()).deadLetters).toBe(2);
});

describe("an event that its handler postpones", () => {
  test("comes again after the time as the same attempt, and others do not wait for it", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest({}, clock);
    const worker = await listener(mesh);
    worker.write(publish(1, "news/s", "later"));
    const first = await worker.next("event");
    for (const target of first.targets) worker.write(postpone(target, 1_000));
    worker.write(publish(2, "news/s", "now"));
    const now = await worker.next("event");
    expect(textOf(now.content)).toBe("now");
    for (const target of now.targets) worker.write(done(target));
    await worker.barrier();
    clock.advance(999);
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
    clock.advance(50);
    const again = await worker.next("event");
    expect([again.id, again.targets[0]?.attempt]).toEqual([first.id, 1]);
  });

  test("and whose last worker leaves meanwhile is dropped and counted", async () => {
    const clock = new FakeClock();
    const mesh = await hostForTest({}, clock);
    const caller = await mesh.worker();
    const worker = await listener(mesh);
    worker.write(publish(1, "news/s", "later"));
    for (const target of (await worker.next("event")).targets)
      worker.write(postpone(target, 1_000));
    await worker.leave();
    clock.advance(1_050);
    await caller.barrier();
    expect(await mesh.counter("events_dropped")).toBe(1);
    expect((await mesh.client.status()).queued).toBe(0);
  });
});
