import { expect, test } from "vitest";
import { describeMachine } from "./machine.ts";
import { formatJson, formatTable } from "./report.ts";
import { ROWS } from "./rows.ts";
import type { Side } from "./schedule.ts";
import { summarize } from "./summary.ts";

const ours: Side = { kind: "measured", values: [120_000.4, 100_000, 140_000] };

function summaries(peer: Side) {
  return ROWS.filter(({ id }) => id === "send-64").map((row) => summarize({ row, ours, peer }));
}

test("JSON has the machine and a row of numbers", () => {
  const text = formatJson(describeMachine(), summaries({ kind: "measured", values: [50_000] }));
  const { machine, rows } = JSON.parse(text);
  expect(machine).toMatchObject({ node: process.version });
  expect(rows).toEqual([
    {
      id: "send-64",
      ours: 120_000,
      peer: 50_000,
      peerName: "NATS request/reply",
      ratio: 2.4,
      must: 2,
      aim: 5,
      demandOf: "ratio",
      unit: "/s",
      better: "higher",
      oursSpread: [100_000, 140_000],
      peerSpread: [50_000, 50_000],
      verdict: "ok",
    },
  ]);
});

test("the table shows a peer that is not installed as skipped", () => {
  const table = formatTable(summaries({ kind: "absent", reason: "nats-server is not installed" }));
  expect(table).toMatch(/send-64 +120 000 \/s +\(100 000–140 000\) .*not compared/);
  expect(table).toContain("NATS skipped: nats-server is not installed\n  (send-64)");
});
