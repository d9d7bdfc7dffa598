import { describe, expect, test } from "vitest";
import { done, fail, publish, reply, send, turnEnd } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";
import { eventually } from "../../support/waiting.ts";

async function listener(mesh: TestHost, name = "raw", namespace = ""): Promise<RawWorker> {
  return mesh.worker(["a"], { subscriptions: ["news -> a"], hello: { namespace, name } });
}

/** One send to `target` that its handler answers. */
async function talk(worker: RawWorker, target: string): Promise<void> {
  const asked = worker.ask(target, "why?");
  worker.write(reply(await worker.next("deliver"), "42"));
  await asked;
}

describe("a tail", () => {
  test("sees a send from its acceptance to its end", async () => {
    const mesh = await hostForTest();
    const worker = await listener(mesh);
    const tail = await mesh.client.tail();
    await talk(worker, "a/1");
    expect(await tail.lines(3)).toEqual(["send a/1", "deliver a/1", "end a/1"]);
    const [taken, delivered, ended] = tail.seen.entries;
    const { sessionId } = worker.welcome;
    const common = { sessionId, messageType: "test.Text", error: undefined, missed: 0 };
    expect(taken).toMatchObject({ ...common, id: delivered?.id, contentBytes: expect.any(Number) });
    expect(ended).toMatchObject({ ...common, id: delivered?.id });
    tail.cancel();
  });

  test("sees an event, its deliveries and the dead letter of a failure", async () => {
    const mesh = await hostForTest();
    const worker = await listener(mesh);
    const tail = await mesh.client.tail();
    worker.write(publish(1, "news/paris", "rain"));
    for (const target of (await worker.next("event")).targets)
      worker.write(fail(target, "HANDLER_FAILED", "boom", { stack: "at a.ts:1" }));
    expect(await tail.lines(4)).toEqual([
      "publish news/paris",
      "deliver news/paris a/paris",
      "end news/paris a/paris !6",
      "dead_letter news/paris a/paris !6",
    ]);
    tail.cancel();
  });

  test("sees what is refused, with the reason", async () => {
    const mesh = await hostForTest();
    const worker = await listener(mesh);
    const tail = await mesh.client.tail();
    worker.write(send(1, "nobody/1", ""), publish(1, "bad topic/s", ""));
    expect(await tail.lines(2)).toEqual(["refuse nobody/1 !1", "refuse bad topic/s !11"]);
    expect(tail.seen.entries[0]).toMatchObject({ id: 0, sessionId: worker.welcome.sessionId });
    tail.cancel();
  });

  test("sees how calls end that no turn ends", async () => {
    const mesh = await hostForTest();
    const [caller, worker] = [await mesh.worker(), await listener(mesh)];
    const tail = await mesh.client.tail({ errorsOnly: true });
    const asked = caller.ask("a/1", "");
    await worker.next("deliver");
    await worker.leave();
    await asked;
    expect(await tail.lines(1)).toEqual(["end a/1 !2"]);
    tail.cancel();
  });

  test("sees only its own namespace", async () => {
    const mesh = await hostForTest();
    const [worker, stranger] = [await listener(mesh), await listener(mesh, "raw", "other")];
    const tail = await mesh.client.tail();
    await talk(stranger, "a/theirs");
    await talk(worker, "a/ours");
    expect(await tail.lines(3)).toEqual(["send a/ours", "deliver a/ours", "end a/ours"]);
    tail.cancel();
  });
});

describe("a tail can be narrowed to", () => {
  /** What a tail sees of: a send to a/1, one of a/1 to b/1, and an event of b's worker on news and on sport. */
  async function seenBy(filter: (sessions: string[]) => object, count: number): Promise<string[]> {
    const mesh = await hostForTest();
    const one = await mesh.worker(["a"], { subscriptions: ["news -> a"], hello: { name: "one" } });
    const other = await mesh.worker(["b"], { hello: { name: "other" } });
    const tail = await mesh.client.tail(
      filter([one, other].map(({ welcome }) => welcome.sessionId)),
    );
    const asked = one.ask("a/1", "");
    const outer = await one.next("deliver");
    const nested = one.ask("b/1", "", { activation: outer.activation, parent: outer.delivery });
    other.write(fail(await other.next("deliver"), "HANDLER_FAILED"));
    await nested;
    one.write(turnEnd(outer));
    await asked;
    other.write(publish(1, "news/x", ""), publish(2, "sport/x", ""));
    for (const target of (await one.next("event")).targets) one.write(done(target));
    await one.barrier();
    const lines = await tail.lines(count);
    tail.cancel();
    return lines;
  }

  const NESTED = ["send a/1 b/1", "deliver a/1 b/1", "end a/1 b/1 !6"];

  test.each<[string, object, string[]]>([
    ["an agent", { agentType: "b", agentKey: "1" }, NESTED],
    ["errors", { errorsOnly: true }, ["end a/1 b/1 !6"]],
    ["a topic", { topicType: "news" }, ["publish news/x", "deliver news/x a/x", "end news/x a/x"]],
    [
      "several at once",
      { agentType: "a", topicType: "news" },
      ["deliver news/x a/x", "end news/x a/x"],
    ],
    [
      "a worker by name",
      { worker: "other" },
      [...NESTED.slice(1), "publish news/x", "publish sport/x"],
    ],
  ])("%s", async (_, filter, expected) => {
    expect(await seenBy(() => filter, expected.length)).toEqual(expected);
  });

  test("a session", async () => {
    const seen = await seenBy(([, other = ""]) => ({ sessionId: other }), 4);
    expect(seen).toEqual([...NESTED.slice(1), "publish news/x", "publish sport/x"]);
  });
});

describe("a tail and its host:", () => {
  test("a reader that does not read misses sightings and is told how many, and nobody waits for it", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const tail = await mesh.client.tail({ errorsOnly: true });
    tail.pause();
    const [batches, size] = [60, 500];
    for (let batch = 0; batch < batches; batch++) {
      const sends = Array.from({ length: size }, (_, n) => send(1 + n, "nobody/1", ""));
      worker.write(...sends);
      await worker.barrier();
    }
    expect(await mesh.counter("failures.AGENT_TYPE_UNKNOWN")).toBeGreaterThanOrEqual(
      batches * size,
    );
    tail.resume();
    const told = await tail.seen.first(({ missed }) => missed > 0, "what was missed");
    expect(told.missed).toBeGreaterThan(0);
    tail.cancel();
  });

  test("too many tails are refused", async () => {
    const mesh = await hostForTest();
    const tails = await Promise.all(Array.from({ length: 16 }, () => mesh.client.tail()));
    await expect(mesh.client.tail()).rejects.toThrow("OVERLOADED");
    for (const tail of tails) tail.cancel();
    const another = (): Promise<boolean> =>
      mesh.client.tail().then(
        (tail) => {
          tail.cancel();
          return true;
        },
        () => false,
      );
    await eventually(another, (isTaken) => isTaken, "room for a tail");
  });

  test("who is not welcome sees nothing", async () => {
    const mesh = await hostForTest({ token: "s3cret" });
    await expect(mesh.client.tail()).rejects.toThrow("UNAUTHENTICATED");
  });

  test("a host that closes ends its tails", async () => {
    const mesh = await hostForTest();
    const tail = await mesh.client.tail();
    await mesh.host.close();
    await expect(tail.seen.first(() => true, "nothing")).rejects.toThrow("HOST_DRAINING");
  });
});
