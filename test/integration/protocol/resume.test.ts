import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import { encodeBatch } from "../../support/batches.ts";
import type { FrameOf } from "../../support/frame-mail.ts";
import {
  chunk,
  control,
  done,
  publish,
  reply,
  send,
  subscription,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const numbers = Array.from({ length: 64 }, (_, n) => n + 1);

async function take<Kind extends "deliver" | "event" | "chunk" | "result">(
  worker: RawWorker,
  kind: Kind,
  count: number,
): Promise<FrameOf<Kind>[]> {
  const taken: FrameOf<Kind>[] = [];
  while (taken.length < count) taken.push(await worker.next<Kind>(kind));
  return taken;
}

/** A caller and a worker on a host whose clock stands still: the lease cannot run out. */
async function pair() {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a", "log"], {
    subscriptions: ["news -> log"],
    hello: { maxInFlight: 1_000 },
  });
  return { clock, mesh, caller, worker };
}

describe("a stream that breaks and resumes within the lease", () => {
  test("goes on as the same session with the same token", async () => {
    const { mesh, worker } = await pair();
    const { sessionId, resumeToken } = worker.welcome;
    await worker.cut();
    const welcome = await worker.resume();
    expect(welcome).toMatchObject({ resumed: true, sessionId, resumeToken, lapsedThrough: 0 });
    await worker.barrier();
    expect(await mesh.counter("sessions_resumed")).toBe(1);
  });

  test("loses, repeats and reorders nothing that the host sent meanwhile", async () => {
    const { caller, worker } = await pair();
    worker.stream.pause();
    caller.write(
      ...numbers.slice(0, 32).map((number) => send(number, `a/${number % 4}`, `${number}`)),
    );
    await caller.barrier();
    await worker.cut();
    caller.write(
      ...numbers.slice(32).map((number) => send(number, `a/${number % 4}`, `${number}`)),
    );
    await caller.barrier();
    await worker.resume();
    const delivers = await take(worker, "deliver", 64);
    expect(delivers.map(({ delivery }) => delivery)).toEqual(numbers);
    expect(delivers.every(({ attempt }) => attempt === 1)).toBe(true);
    for (const key of ["0", "1", "2", "3"]) {
      const texts = delivers
        .filter(({ target }) => target.key === key)
        .map((deliver) => Number(textOf(deliver.content)));
      expect(texts).toEqual(texts.toSorted((one, other) => one - other));
    }
    worker.write(...delivers.map((deliver) => reply(deliver, textOf(deliver.content))));
    for (const number of numbers) {
      const ending = await caller.result(number);
      expect(ending.kind === "reply" && textOf(ending.content)).toBe(`${number}`);
    }
  });

  test("loses, repeats and reorders nothing that the worker sent, acknowledged or not", async () => {
    const { caller, worker } = await pair();
    caller.write(...numbers.map((number) => send(number, `a/${number}`, `${number}`)));
    const delivers = await take(worker, "deliver", 64);
    worker.write(
      ...delivers.slice(0, 20).map((deliver) => reply(deliver, textOf(deliver.content))),
    );
    worker.write(publish(1, "news/s", "before the cut"));
    await caller.result(1);
    await worker.cut();
    worker.write(...delivers.slice(20).map((deliver) => reply(deliver, textOf(deliver.content))));
    worker.write(publish(2, "news/s", "after the cut"));
    await worker.resume();
    await Promise.all(numbers.slice(1).map((number) => caller.result(number)));
    await worker.barrier();
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    expect(worker.taken("accepted").flatMap(({ sequences }) => sequences)).toEqual([1, 2]);
    const events = worker.taken("event");
    expect(events.map((event) => textOf(event.content))).toEqual([
      "before the cut",
      "after the cut",
    ]);
  });

  test("drops what it gets a second time because the worker could not know that it had arrived", async () => {
    const { mesh, caller, worker } = await pair();
    caller.write(send(1, "a/1", ""));
    const deliver = await worker.next("deliver");
    const frames = [reply(deliver, "once"), publish(1, "news/s", "once"), send(7, "a/2", "once")];
    worker.write(...frames);
    await caller.result(1);
    await worker.next("deliver");
    await worker.cut();
    const { receivedThrough } = worker;
    await worker.resume();
    // Everything from the first frame on comes again, with one that is new.
    worker.writeBytes(encodeBatch([...frames, publish(2, "news/s", "new")], 1, receivedThrough), 1);
    await worker.next("accepted", ({ sequences }) => sequences.includes(2));
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
    expect(worker.taken("deliver")).toEqual([]);
    expect(worker.taken("event").map((event) => textOf(event.content))).toEqual(["once", "new"]);
    expect(await mesh.counter("stale_frames")).toBe(0);
  });

  test("keeps streams of replies and their credit", async () => {
    const { caller, worker } = await pair();
    caller.write(send(1, "a/1", "", { streamChunks: 64, streamBytes: 100_000 }));
    const deliver = await worker.next("deliver");
    worker.write(...["1", "2", "3"].map((text) => chunk(deliver, text)));
    await take(caller, "chunk", 1);
    caller.stream.pause();
    await Promise.all([caller.cut(), worker.cut()]);
    worker.write(...["4", "5"].map((text) => chunk(deliver, text)), turnEnd(deliver));
    caller.write({ kind: "stream-credit", stream: 1, chunks: 3, bytes: 30 });
    await Promise.all([caller.resume(), worker.resume()]);
    const chunks = await take(caller, "chunk", 4);
    expect(chunks.map((frame) => textOf(frame.content))).toEqual(["2", "3", "4", "5"]);
    expect(await caller.result(1)).toEqual({ kind: "done" });
  });

  test("again and again, under load in both directions", async () => {
    const { caller, worker } = await pair();
    const echo = (async () => {
      for (const _ of numbers) {
        const deliver = await worker.next("deliver");
        worker.write(reply(deliver, textOf(deliver.content)));
      }
    })();
    for (const number of numbers) {
      caller.write(send(number, `a/${number % 3}`, `${number}`));
      if (number % 8 !== 0) continue;
      const breaks = number % 16 === 0 ? caller : worker;
      await breaks.cut();
      await breaks.resume();
    }
    for (const number of numbers) {
      const ending = await caller.result(number);
      expect(ending.kind === "reply" && textOf(ending.content)).toBe(`${number}`);
    }
    await echo;
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
  });
});

test("the host acknowledges by itself, also when it has nothing to say", async () => {
  const { clock, caller, worker } = await pair();
  caller.write(send(1, "a/1", ""));
  await worker.next("deliver");
  expect(caller.unacknowledged).toBe(1);
  clock.advance(1_000);
  await caller.untilAcknowledged();
});

test("what a worker registers and subscribes while its stream is broken counts once it is back", async () => {
  const { worker } = await pair();
  await worker.cut();
  worker.write(
    control({
      $case: "subscribe",
      value: { request: 1, subscription: subscription("late", "late", "log") },
    }),
    publish(1, "late/s", "late"),
  );
  await worker.resume();
  expect(await worker.nextControl("answer")).toMatchObject({ request: 1, error: undefined });
  const event = await worker.next("event");
  expect(textOf(event.content)).toBe("late");
  worker.write(...event.targets.map((target) => done(target)));
  await worker.barrier();
});

describe("a resumption that does not fit", () => {
  test.each([
    ["with a token that the host does not know", { resumeToken: "A".repeat(32) }],
    ["with the token of another instance", { instanceId: "someone-else" }],
  ])("%s gets a new session", async (_name, changes) => {
    const { clock, worker } = await pair();
    // Long after its start a host does not take the token for one of an earlier life.
    clock.advance(5_000);
    const { sessionId, resumeToken } = worker.welcome;
    await worker.cut();
    const welcome = await worker.resume(changes);
    expect(welcome.resumed).toBe(false);
    expect(welcome.sessionId).not.toBe(sessionId);
    expect(welcome.resumeToken).not.toBe(resumeToken);
    await worker.barrier();
  });

  test("because the worker has lost what it had acknowledged gets a new session, and the old one ends", async () => {
    const { mesh, caller, worker } = await pair();
    caller.write(send(1, "a/1", ""));
    await worker.next("deliver");
    await worker.settleUp();
    await worker.cut();
    worker.forget();
    expect((await worker.resume()).resumed).toBe(false);
    expect(await caller.result(1)).toMatchObject({ failure: { code: "WORKER_LOST" } });
    expect(await mesh.counter("sessions_ended")).toBe(1);
  });

  test("because the worker claims frames that were never sent gets a new session, and the old one ends", async () => {
    const { mesh, worker } = await pair();
    await worker.cut();
    worker.forget(1_000_000);
    expect((await worker.resume()).resumed).toBe(false);
    expect(await mesh.counter("failures.PROTOCOL_VIOLATION")).toBe(1);
  });
});
