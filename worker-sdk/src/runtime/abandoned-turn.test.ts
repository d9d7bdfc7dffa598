import { expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Note } from "../test-doubles/messages.ts";
import { jsonContent, scripted } from "../test-doubles/scripted-mesh.ts";

const note = (n: number) => jsonContent("test.Note", { n });

test("a turn that is abandoned takes no other one with it: events are handled once more, sends are told", async () => {
  const { runtime, mesh, clock, deliver, event } = scripted();
  const reasons: unknown[] = [];
  await runtime.register(
    defineAgent("worker", {
      concurrency: 3,
      maxTurnMs: 5_000,
      handlers: (on) => [
        on(Note, async ({ n }, { signal }) => {
          signal.addEventListener("abort", () => reasons.push([n, signal.reason.code]));
          await new Promise(() => {});
        }),
      ],
    }),
  );
  deliver({ content: note(1) });
  clock.advance(5_000);
  event(note(2), {});
  deliver({ content: note(3) });
  clock.advance(1_020);
  expect(mesh.endings).toEqual(["1: TURN_ABANDONED", "2: postponed", "3: ACTIVATION_STALE"]);
  expect(mesh.ends).toMatchObject([
    { permanent: true },
    { permanent: false },
    { permanent: false, ending: { failure: { outcome: "unknown", retryable: false } } },
  ]);
  expect(reasons).toEqual([
    [1, "TURN_ABANDONED"],
    [2, "ACTIVATION_STALE"],
    [3, "ACTIVATION_STALE"],
  ]);
});
