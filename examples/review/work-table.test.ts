import { expect, it } from "vitest";
import { workTable } from "./work-table.ts";

it("shows each worker once, and first the agents that worked longest", () => {
  const lines = workTable([
    {
      worker: "reviewer-1",
      tallies: [
        { agent: "hygiene", files: 7, messages: 9, workMs: 40 },
        { agent: "structure", files: 1_200, messages: 1_300, workMs: 12_345 },
      ],
    },
    { worker: "judge", tallies: undefined },
  ]);
  expect(lines).toEqual([
    "worker      agents        files  messages     work",
    "reviewer-1  structure      1200      1300  12.35 s",
    "            hygiene           7         9   0.04 s",
    "judge       did not tell",
  ]);
});
