import { describe, expect, test } from "vitest";
import type { FrameOf } from "../../support/frame-mail.ts";
import { control, publish, subscription, textOf } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

/** The agents of an Event frame, as texts. */
function targetsOf(event: FrameOf<"event">): string[] {
  return event.targets.map(({ agent }) => agent.text).toSorted();
}

/** Everything of the event kind that has come to the worker when nothing more is on its way. */
async function events(publisher: RawWorker, worker: RawWorker): Promise<FrameOf<"event">[]> {
  await publisher.barrier();
  await worker.barrier();
  return worker.taken("event");
}

describe("a subscription", () => {
  test.each([
    ["news -> a", ["news"], ["news.local", "new", "x.news"]],
    ["news.* -> a", ["news.", "news.local"], ["news", "newsx", "x.news.local"]],
    ["* -> a", ["news", "x"], []],
    ["a:b=c -> a", ["a:b=c"], ["a:b"]],
  ])("%s matches %j and not %j", async (text, matching, others) => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { subscriptions: [text] });
    const topics = [...matching, ...others];
    worker.write(...topics.map((type, index) => publish(index + 1, `${type}/s`, type)));
    const got = await events(worker, worker);
    expect(got.map(({ content }) => textOf(content)).toSorted()).toEqual(matching.toSorted());
  });

  test("that overlaps with others of its agent type delivers once", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], {
      subscriptions: ["news -> a", "new* -> a", "* -> a", "news -> a"],
    });
    const second = await mesh.worker(["a"], { subscriptions: ["news -> a", "n* -> a"] });
    worker.write(publish(1, "news/s", ""));
    const got = [...(await events(worker, worker)), ...(await events(worker, second))];
    expect(got.map(targetsOf)).toEqual([["a/s"]]);
  });

  test("that ended gets nothing from then on", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
    const unsubscribe = control({
      $case: "unsubscribe",
      value: { request: 1, id: "s0", durableName: "" },
    });
    worker.write(publish(1, "news/s", "before"), unsubscribe, publish(2, "news/s", "after"));
    const got = await events(worker, worker);
    expect(got.map(({ content }) => textOf(content))).toEqual(["before"]);
    expect((await worker.nextControl("answer")).error).toBeUndefined();
  });

  test("lives while one of the sessions that declared it lives", async () => {
    const mesh = await hostForTest();
    const [one, two] = [
      await mesh.worker(["a"], { subscriptions: ["news -> a"] }),
      await mesh.worker(["a"], { subscriptions: ["news -> a"] }),
    ];
    await one.leave();
    two.write(publish(1, "news/s", ""));
    expect(await events(two, two)).toHaveLength(1);
    const caller = await mesh.worker();
    await two.leave();
    caller.write(publish(1, "news/s", ""));
    await caller.next("accepted");
    expect((await mesh.client.status()).subscriptions).toBe(0);
  });

  test("is answered, also when it is refused", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["a"]);
    const durable = {
      name: "d",
      maxAttempts: 0,
      backoffMs: 0,
      maxRetryMs: 0,
      retentionMs: 0,
      update: false,
    };
    const asked = [
      [subscription("s", "news", "a"), undefined],
      [subscription("s", "news", "a"), undefined],
      [subscription("s", "other", "a"), 24],
      [subscription("", "news", "a"), 11],
      [subscription("x".repeat(129), "news", "a"), 11],
      [subscription("t", "no blanks", "a"), 11],
      [subscription("t", "news", "no blanks"), 11],
      [{ ...subscription("t", "news", "a"), match: undefined }, 11],
      [{ ...subscription("t", "news", "a"), durable }, 32],
    ] as const;
    for (const [index, [value]] of asked.entries()) {
      worker.write(control({ $case: "subscribe", value: { request: index, subscription: value } }));
    }
    for (const [index, [, code]] of asked.entries()) {
      const answer = await worker.nextControl("answer");
      expect([answer.request, answer.error?.code]).toEqual([index, code]);
    }
    worker.write(
      control({ $case: "unsubscribe", value: { request: 1, id: "nope", durableName: "" } }),
    );
    expect((await worker.nextControl("answer")).error?.code).toBe(25);
  });
});
