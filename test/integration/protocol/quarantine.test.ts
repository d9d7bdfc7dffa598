/** Messages that cost workers their lives: the guilty one is found, and harms no other. */
import path from "node:path";
import { FakeClock } from "@agentmesh/proto/testing";
import type { EventFrame } from "@agentmesh/proto/wire";
import { expect, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { agentType, done, durable, fail, publish, reply, textOf } from "../../support/frames.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const LEASE_MS = 1_500;
const HEALTHY = Array.from({ length: 50 }, (_, index) => `healthy ${index}`);

interface Scene {
  readonly clock: FakeClock;
  readonly mesh: TestHost;
  readonly publisher: RawWorker;
}

async function sceneForTest(options = {}): Promise<Scene> {
  const clock = new FakeClock();
  const mesh = await hostForTest({ leaseMs: LEASE_MS, livenessMs: 100_000, ...options }, clock);
  return { clock, mesh, publisher: await mesh.worker() };
}

function reader(mesh: TestHost, type = agentType("a")): Promise<RawWorker> {
  return mesh.worker([], {
    hello: { agentTypes: [type] },
    subscriptions: ["news -> a"],
  });
}

/** The worker is killed: its lease runs out. */
async function kill({ clock, mesh }: Scene, worker: RawWorker): Promise<void> {
  const { workersSuspended } = await mesh.client.status();
  await worker.cut();
  await mesh.untilStatus((now) => now.workersSuspended > workersSuspended, "a broken stream");
  clock.advance(LEASE_MS);
}

/** Publishes each text to an agent of its own, under the key that is its text. */
function publishApart(publisher: RawWorker, texts: readonly string[], from = 1): void {
  publisher.write(...texts.map((text, index) => publish(from + index, `news/${text}`, text)));
}

async function opened(worker: RawWorker, count: number): Promise<EventFrame[]> {
  const events: EventFrame[] = [];
  while (events.length < count) events.push(await worker.next("event"));
  return events;
}

/** Handles events until one is `poison`. Nothing else is open beside one. @returns the texts of those before it. */
async function handleUntil(worker: RawWorker, poison: string): Promise<string[]> {
  const handled: string[] = [];
  for (;;) {
    const { content, targets } = await worker.next("event");
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
    if (textOf(content) === poison) return handled;
    handled.push(textOf(content));
    worker.write(...targets.map((target) => done(target)));
  }
}

test.each([
  ["first", ["poison", ...HEALTHY]],
  ["last", [...HEALTHY, "poison"]],
])(
  "a poisonous event that came %s beside 50 open turns makes one dead letter, and all others are handled",
  async (_, texts) => {
    const scene = await sceneForTest();
    const first = await reader(scene.mesh);
    publishApart(scene.publisher, texts);
    await opened(first, texts.length);
    await kill(scene, first);
    const handled: string[] = [];
    for (let lost = 1; lost < 3; lost++) {
      const next = await reader(scene.mesh);
      handled.push(...(await handleUntil(next, "poison")));
      await kill(scene, next);
    }
    const last = await reader(scene.mesh);
    publishApart(scene.publisher, ["end"], 100);
    while (handled.length < HEALTHY.length) {
      const { content, targets } = await last.next(
        "event",
        ({ content }) => textOf(content) !== "end",
      );
      handled.push(textOf(content));
      last.write(...targets.map((target) => done(target)));
    }
    expect(handled.toSorted()).toEqual(HEALTHY.toSorted());
    expect(textOf((await last.next("event")).content)).toBe("end");
    await last.barrier();
    expect(last.taken("event")).toEqual([]);
    expect((await scene.mesh.client.deadLetters()).deadLetters).toMatchObject([
      {
        target: { key: "poison" },
        crashes: 3,
        attempts: 3,
        error: { code: 2, text: expect.stringMatching(/crash limit: 3 workers were lost/) },
      },
    ]);
  },
);

test("what is not suspected goes on beside a suspect, at other agents", async () => {
  const scene = await sceneForTest();
  const first = await reader(scene.mesh);
  publishApart(scene.publisher, ["one", "two"]);
  await opened(first, 2);
  await kill(scene, first);
  const next = await reader(scene.mesh);
  const [suspect] = await opened(next, 1);
  publishApart(scene.publisher, HEALTHY, 10);
  const others = await opened(next, HEALTHY.length);
  expect(others.map(({ content }) => textOf(content))).toEqual(HEALTHY);
  expect(textOf(suspect?.content ?? Buffer.alloc(0))).toBe("one");
  next.write(...(suspect?.targets ?? []).map((target) => done(target)));
  expect(textOf((await next.next("event")).content)).toBe("two");
});

test("nothing follows a suspect to its agent before it has ended, and a failure clears it as well", async () => {
  const scene = await sceneForTest();
  const first = await reader(scene.mesh);
  scene.publisher.write(publish(1, "news/s", "suspect"), publish(2, "news/s", "behind"));
  await opened(first, 2);
  await kill(scene, first);
  const next = await reader(scene.mesh);
  const asked = next.ask("a/s", "later");
  const suspect = await next.next("event");
  await next.barrier();
  expect([next.taken("event"), next.taken("deliver")]).toEqual([[], []]);
  next.write(...suspect.targets.map((target) => fail(target, "HANDLER_FAILED", "no")));
  expect((await next.next("event")).targets).toMatchObject([{ attempt: 2 }]);
  next.write(reply(await next.next("deliver"), ""));
  await asked;
  expect((await scene.mesh.client.deadLetters()).deadLetters).toMatchObject([
    { crashes: 1, error: { text: "no" } },
  ]);
});

test("two workers are given a suspect each", async () => {
  const scene = await sceneForTest();
  const first = await reader(scene.mesh);
  publishApart(scene.publisher, HEALTHY);
  await opened(first, HEALTHY.length);
  const [one, two] = [await reader(scene.mesh), await reader(scene.mesh)];
  await kill(scene, first);
  for (const worker of [one, two]) {
    await worker.next("event");
    await worker.barrier();
    expect(worker.taken("event")).toEqual([]);
  }
});

test("as many turns of an agent are suspected as may run at a time", async () => {
  const scene = await sceneForTest({ crashLimit: 1 });
  const first = await reader(scene.mesh, agentType("a", { concurrency: 2 }));
  const texts = ["one", "two", "three"];
  scene.publisher.write(...texts.map((text, index) => publish(index + 1, "news/s", text)));
  await opened(first, 3);
  await kill(scene, first);
  // Two suspects share the blame for the first loss, so that none is given up.
  const next = await reader(scene.mesh, agentType("a", { concurrency: 2 }));
  expect(await handleUntil(next, "two")).toEqual(["one"]);
  await kill(scene, next);
  const last = await reader(scene.mesh);
  expect(textOf((await last.next("event")).content)).toBe("three");
  expect((await scene.mesh.client.deadLetters()).deadLetters).toMatchObject([{ crashes: 2 }]);
});

test("a send that costs a worker its life settles and is not delivered again; the event beside it is", async () => {
  const scene = await sceneForTest({ crashLimit: 1 });
  const first = await reader(scene.mesh);
  publishApart(scene.publisher, ["healthy"]);
  const { id } = await first.next("event");
  const asked = scene.publisher.ask("a/victim", "poison");
  await first.next("deliver");
  await kill(scene, first);
  expect(await asked).toMatchObject({ failure: { code: "WORKER_LOST", outcome: "unknown" } });
  const next = await reader(scene.mesh);
  expect((await next.next("event")).id).toBe(id);
  await next.barrier();
  expect(next.taken("deliver")).toEqual([]);
  expect((await scene.mesh.client.deadLetters()).deadLetters).toEqual([]);
});

test("losses are counted over a restart of the host, and who was suspected still is", async () => {
  const data = path.join(folderForTest(), "data");
  const clock = new FakeClock();
  const options = { data, leaseMs: LEASE_MS, livenessMs: 100_000, settleMs: 0, crashLimit: 2 };
  const before = await hostForTest(options, clock);
  const publisher = await before.worker([], {
    hello: { subscriptions: [durable("archive", "news", "a")] },
  });
  const first = await before.worker(["a"]);
  publishApart(publisher, ["one", "two"]);
  await opened(first, 2);
  await kill({ clock, mesh: before, publisher }, first);
  await before.close();
  const mesh = await hostForTest(options, clock);
  const next = await mesh.worker(["a"]);
  expect(await handleUntil(next, "two")).toEqual(["one"]);
  await kill({ clock, mesh, publisher }, next);
  const isThere = ({ deadLetters }: { deadLetters: number }) => deadLetters === 1;
  await mesh.untilStatus(isThere, "a dead letter");
  expect((await mesh.client.deadLetters()).deadLetters).toMatchObject([
    { target: { key: "two" }, crashes: 2, subscription: "archive" },
  ]);
});
