import { expect, test } from "vitest";
import { FakeClock } from "../time/fake-clock.ts";
import { Liveness } from "./liveness.ts";

function watched(onSilence?: (liveness: Liveness) => void) {
  const clock = new FakeClock(5);
  const events: string[] = [];
  const liveness = new Liveness({
    clock,
    heartbeatMs: 100,
    livenessMs: 350,
    onSilence: () => {
      events.push(`silent at ${clock.now() - 5}`);
      onSilence?.(liveness);
    },
    onDead: () => events.push(`dead at ${clock.now() - 5}`),
  });
  return { clock, events, liveness };
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
