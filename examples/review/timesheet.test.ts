import { agentId, closureAgent, createLocalRuntime } from "@agentmesh/worker-sdk";
import { expect, it } from "vitest";
import { HandOutFiles, SettleCase } from "./messages.ts";
import { createTimesheet } from "./timesheet.ts";

it("counts messages, different files, and the time of work", async () => {
  let nowMs = 0;
  const timesheet = createTimesheet(() => nowMs);
  const settling = timesheet.keep((stopwatch) =>
    closureAgent("judge", SettleCase, () => {
      nowMs += 100;
      stopwatch(() => {
        nowMs += 7;
      });
    }),
  );
  const handing = timesheet.keep(() =>
    closureAgent("coordinator", HandOutFiles, ({ paths }) => ({ files: paths.length })),
  );
  await using runtime = createLocalRuntime();
  await runtime.register(settling);
  await runtime.register(handing);
  for (const path of ["a.ts", "b.ts", "a.ts"]) {
    await runtime.send(agentId("judge", path), SettleCase({ path }));
  }
  const paths = ["a.ts", "b.ts", "c.ts"];
  const reply = await runtime.send(
    agentId("coordinator", "x"),
    HandOutFiles({ folder: "/f", paths }),
  );
  expect(reply).toEqual({ files: 3 });
  expect(timesheet.tallies()).toEqual([
    { agent: "judge", files: 2, messages: 3, workMs: 21 },
    { agent: "coordinator", files: 3, messages: 1, workMs: 0 },
  ]);
});

it("counts work that fails", () => {
  let nowMs = 0;
  const timesheet = createTimesheet(() => nowMs);
  timesheet.keep((stopwatch) => {
    const failing = (): void =>
      stopwatch(() => {
        nowMs += 5;
        throw new Error("oh");
      });
    expect(failing).toThrow("oh");
    return closureAgent("judge", SettleCase, failing);
  });
  expect(timesheet.tallies()[0]?.workMs).toBe(5);
});
