import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { Liveness } from "./liveness.ts";

const MIB = 1024 * 1024;

function watched(onSilence?: (liveness: Liveness) => void) {
  const clock = new FakeClock({ startMs: 5 });
  const events: string[] = [];
  const socket = { bytesRead: 0 };
  const liveness = new Liveness({
    clock,
    bytesRead: () => socket.bytesRead,
    onProgress: () => events.push(`progress at ${clock.now() - 5}`),
    heartbeatMs: 100,
    livenessMs: 350,
    maxPayloadBytes: 4 * MIB,
    onSilence: () => {
      events.push(`silent at ${clock.now() - 5}`);
      onSilence?.(liveness);
    },
    onDead: () => events.push(`dead at ${clock.now() - 5}`),
  });
  return { clock, events, liveness, socket };
}

test("silence is told after each heartbeat, death once", () => {
  const { clock, events } = watched();
  clock.advance(2_000);
  expect(events).toEqual(["silent at 100", "silent at 200", "silent at 300", "dead at 350"]);
  expect(clock.pending).toBe(0);
});

test("who is heard in time is never asked", () => {
  const { clock, events, liveness } = watched();
  for (let times = 0; times < 50; times++) {
    clock.advance(99);
    liveness.heard();
  }
  expect(events).toEqual([]);
});

test("silence counts from the last sign of life", () => {
  const { clock, events, liveness } = watched();
  clock.advance(150);
  liveness.heard();
  clock.advance(1_000);
  expect(events.slice(1)).toEqual([
    "silent at 250",
    "silent at 350",
    "silent at 450",
    "dead at 500",
  ]);
});

test("a sign of life after the second heartbeat saves the peer", () => {
  const { clock, events, liveness } = watched();
  clock.advance(340);
  liveness.heard();
  clock.advance(90);
  expect(events).toHaveLength(3);
  expect(clock.pending).toBe(1);
});

test("nothing is told after stop", () => {
  const { clock, events, liveness } = watched();
  liveness.stop();
  liveness.stop();
  clock.advance(1_000);
  expect(events).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("who stops on silence has stopped for good", () => {
  const { clock, events } = watched((liveness) => liveness.stop());
  clock.advance(1_000);
  expect(events).toEqual(["silent at 100"]);
  expect(clock.pending).toBe(0);
});

test("a peer of which a large batch is arriving is asked, but not dead", () => {
  const { clock, events, socket } = watched();
  for (let times = 0; times < 10; times++) {
    socket.bytesRead += 5_000;
    clock.advance(100);
  }
  expect(events.filter((event) => event.startsWith("silent"))).toHaveLength(10);
  expect(events).toContain("progress at 1000");
  socket.bytesRead += 20;
  clock.advance(1_000);
  expect(events.at(-1)).toBe("dead at 1350");
});

test("the small talk of a connection is no sign of life", () => {
  const { clock, events, socket } = watched();
  for (let times = 0; times < 5; times++) {
    socket.bytesRead += 17;
    clock.advance(100);
  }
  expect(events).toEqual(["silent at 100", "silent at 200", "silent at 300", "dead at 350"]);
});

test("bytes of others on the connection keep nobody alive for longer than the largest batch may take", () => {
  const { clock, events, socket } = watched();
  // 4 MiB of content and 1 MiB around it, at 32 KiB per second, after the time of a silence.
  const longestMs = 350 + 160_000;
  const live = (untilMs: number): void => {
    while (clock.now() - 5 < untilMs) {
      socket.bytesRead += 5_000;
      clock.advance(50);
    }
  };
  live(longestMs - 50);
  expect(events.filter((event) => event.startsWith("dead"))).toEqual([]);
  live(longestMs + 100);
  expect(events.at(-1)).toBe(`dead at ${longestMs + 50}`);
  expect(clock.pending).toBe(0);
});

test("a batch that has arrived at last gives the next one its time", () => {
  const { clock, events, liveness, socket } = watched();
  for (let times = 0; times < 40; times++) {
    for (let looks = 0; looks < 100; looks++) {
      socket.bytesRead += 5_000;
      clock.advance(100);
    }
    liveness.heard();
  }
  expect(events.filter((event) => event.startsWith("dead"))).toEqual([]);
});

test("who was stopped itself gives its peer time for another sign of life", () => {
  const { clock, events, liveness } = watched();
  clock.stall(10_000);
  expect(events).toEqual(["silent at 10000"]);
  clock.advance(100);
  liveness.heard();
  clock.advance(349);
  expect(events.filter((event) => event.startsWith("dead"))).toEqual([]);
});

test("who was stopped itself finds out that its peer is dead all the same", () => {
  const { clock, events } = watched();
  clock.stall(10_000);
  clock.advance(1_000);
  expect(events.at(-1)).toBe("dead at 10250");
});
