import { closureAgent, createLocalRuntime } from "@agentmesh/worker-sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLedger, type Ledger } from "./ledger.ts";
import { SettleCase } from "./messages.ts";
import { withoutStandstill } from "./standstill.ts";

const QUIET_MS = 30_000;

/** A mesh whose judges only note that they were told to settle. */
async function withDumbJudges(
  run: (ledger: Ledger, told: string[], work: Promise<void>) => Promise<void>,
) {
  await using runtime = createLocalRuntime();
  const told: string[] = [];
  await runtime.register(closureAgent("judge", SettleCase, ({ path }) => void told.push(path)));
  const ledger = createLedger();
  ledger.handedOut(["a.ts", "b.ts"]);
  const work = withoutStandstill(runtime, ledger, () => ledger.untilOpen(0));
  // Looked at later, when it has failed already.
  work.catch(() => undefined);
  await run(ledger, told, work);
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

describe("a review that stands still", () => {
  it("lets the judges settle with what they have, then gives up", async () => {
    await withDumbJudges(async (_, told, work) => {
      await vi.advanceTimersByTimeAsync(QUIET_MS);
      expect(told).toEqual(["a.ts", "b.ts"]);
      await vi.advanceTimersByTimeAsync(QUIET_MS);
      await expect(work).rejects.toThrow("2 verdicts are missing, first on a.ts");
    });
  });

  it("is one only without any sign of life", async () => {
    await withDumbJudges(async (ledger, told, work) => {
      for (const path of ["a.ts", "b.ts"]) {
        await vi.advanceTimersByTimeAsync(QUIET_MS - 1);
        ledger.settled({ path, decision: "approve", opinions: [], reconsidered: 0, why: "" });
      }
      await work;
      expect(told).toEqual([]);
    });
  });
});
