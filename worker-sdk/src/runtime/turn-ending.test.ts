import { AppError } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Note } from "../test-doubles/messages.ts";
import { jsonContent, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const note = (n: number) => jsonContent("test.Note", { n });

test("an event that its handler wants later ends so when the handler has returned, unless that throws", async () => {
  const { runtime, mesh, event } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async ({ n }, ctx) => {
          ctx.retryLater(n);
          if (n === 7) throw new AppError("odd", "no");
        }),
      ],
    }),
  );
  for (const n of [5, 7, 0, 86_400_001, 1.5]) event(note(n), { activation: n + 1 });
  await settled();
  expect(mesh.ends.map(({ ending }) => ending)).toMatchObject([
    { kind: "postponed", delayMs: 5, counted: true },
    { failure: { code: "APPLICATION" } },
    ...[0, 86_400_001, 1.5].map((ms) => ({
      failure: { text: expect.stringContaining(`not ${ms}`) },
    })),
  ]);
});

test("a send cannot be answered later: its caller waits", async () => {
  const { runtime, mesh, deliver } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, (_, ctx) => {
          expect(() => ctx.retryLater(5)).toThrow(
            "INVALID_ARGUMENT: retryLater is for events: the caller of a send waits for its answer",
          );
        }),
      ],
    }),
  );
  deliver({ content: note(1) });
  expect(mesh.endings).toEqual(["1: done"]);
});

test("an error of the application may say that no other attempt cures it", async () => {
  const { runtime, mesh, event } = scripted();
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, ({ n }) => {
          throw new AppError("odd", "no", undefined, { permanent: n === 1 });
        }),
      ],
    }),
  );
  for (const n of [0, 1]) event(note(n), {});
  expect(mesh.ends.map(({ permanent }) => permanent)).toEqual([false, true]);
});
