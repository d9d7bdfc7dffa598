import { TailKind, type TailResponse } from "@agentmesh/proto/agentmesh/v1";
import { encodeContent } from "@agentmesh/proto/wire";
import { expect, test } from "vitest";
import type { Sighting } from "./sighting.ts";
import { TailFeed } from "./tail-feed.ts";

/** A clock whose timers run when they are told to. */
function steppedClock() {
  const due: (() => void)[] = [];
  return {
    now: () => 0,
    unixMs: () => 1_000,
    after(_ms: number, run: () => void) {
      due.push(run);
      return { cancel: () => void due.splice(due.indexOf(run) >>> 0, 1) };
    },
    /** Runs what is due now. @returns how many timers there were. */
    beat(): number {
      const now = due.splice(0);
      for (const run of now) run();
      return now.length;
    },
  };
}

/** A stream that takes everything until it is full. */
function stream() {
  const written: TailResponse[] = [];
  const sink = {
    isFull: false,
    write(response: TailResponse) {
      written.push(response);
      return !sink.isFull;
    },
  };
  return { sink, written, ids: () => written.map(({ id }) => id) };
}

function sighting(id: number): Sighting {
  return {
    kind: TailKind.SEND,
    namespace: "default",
    id,
    sender: undefined,
    target: undefined,
    topic: undefined,
    from: undefined,
    to: undefined,
    content: encodeContent({
      messageType: "test.Text",
      contentType: "",
      data: Buffer.from("x"),
      traceparent: "",
      tracestate: "",
      metadata: undefined,
      messageId: "",
    }),
    failure: undefined,
  };
}

test("sightings are written in order, so many per beat", () => {
  const [clock, { sink, written, ids }] = [steppedClock(), stream()];
  const feed = new TailFeed(clock, sink);
  for (let id = 1; id <= 300; id++) feed.offer(sighting(id));
  expect(written).toEqual([]);
  clock.beat();
  expect(written).toHaveLength(128);
  while (clock.beat() > 0);
  expect(ids()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  expect(written[0]).toMatchObject({ messageType: "test.Text", atUnixMs: 1_000, missed: 0 });
});

test("what comes while too many wait is left out and counted with the next one", () => {
  const [clock, { sink, written }] = [steppedClock(), stream()];
  const feed = new TailFeed(clock, sink);
  for (let id = 1; id <= 1_030; id++) feed.offer(sighting(id));
  clock.beat();
  feed.offer(sighting(2_000));
  while (clock.beat() > 0);
  expect(written).toHaveLength(1_025);
  expect(written.at(-1)).toMatchObject({ id: 2_000, missed: 6 });
});

test("and alone when nothing comes any more", () => {
  const [clock, { sink, written }] = [steppedClock(), stream()];
  const feed = new TailFeed(clock, sink);
  for (let id = 1; id <= 1_030; id++) feed.offer(sighting(id));
  while (clock.beat() > 0);
  expect(written.at(-1)).toMatchObject({ kind: TailKind.UNSPECIFIED, id: 0, missed: 6 });
});

test("nothing is written to a stream that is full, until it has drained", () => {
  const [clock, { sink, ids }] = [steppedClock(), stream()];
  const feed = new TailFeed(clock, sink);
  sink.isFull = true;
  for (const id of [1, 2, 3]) feed.offer(sighting(id));
  clock.beat();
  expect([ids(), clock.beat()]).toEqual([[1], 0]);
  sink.isFull = false;
  feed.drained();
  while (clock.beat() > 0);
  expect(ids()).toEqual([1, 2, 3]);
});

test("nothing is written after its end, and no timer is left", () => {
  const [clock, { sink, written }] = [steppedClock(), stream()];
  const feed = new TailFeed(clock, sink);
  feed.offer(sighting(1));
  feed.close();
  feed.offer(sighting(2));
  expect([clock.beat(), written]).toEqual([0, []]);
});
