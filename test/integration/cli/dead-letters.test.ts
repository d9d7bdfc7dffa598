import { closureAgent, defineMessage } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { z } from "zod";
import { Journal } from "../../support/journal.ts";
import { eventually } from "../../support/waiting.ts";
import { json, run } from "./agentmesh.ts";
import { startTemple, type Temple } from "./oracle.ts";

const Headline = defineMessage("demo.Headline", z.object({ text: z.string() }));

interface Listed {
  readonly deadLetters: readonly {
    readonly id: number;
    readonly target: string;
    readonly replays: number;
  }[];
}

/** A temple with dead letters of these sources, in this order. */
async function templeWith(...sources: readonly string[]): Promise<Temple> {
  const temple = await startTemple();
  for (const [index, source] of sources.entries()) {
    const payload = ["--json-payload", '{"text":"rain"}'];
    await run(["publish", `news/${source}`, "demo.Headline", ...payload], { env: temple.env });
    const status = (): Promise<unknown> => json(["status"], { env: temple.env });
    await eventually(
      status,
      (told) => (told as { deadLetters: number }).deadLetters === index + 1,
      `dead letter ${index + 1}`,
      20_000,
    );
  }
  return temple;
}

test("dead letters are listed, shown and purged", async () => {
  const { env } = await templeWith("paris", "rome");
  const { deadLetters } = (await json(["dead-letters"], { env })) as Listed;
  expect(deadLetters).toMatchObject([
    {
      target: "oracle/paris",
      topic: "news/paris",
      messageType: "demo.Headline",
      payloadBytes: 15,
      attempts: 1,
      error: { code: "HANDLER_FAILED", text: "cannot read rain" },
    },
    { target: "oracle/rome" },
  ]);
  const [paris, rome] = deadLetters.map(({ id }) => String(id));
  const show = ["dead-letters", "show", paris ?? ""];
  const [table, human, machine] = await Promise.all([
    run(["dead-letters", "list", "--agent", "oracle/rome"], { env }),
    run(show, { env }),
    json([...show, "--agent", "oracle/paris"], { env }),
  ]);
  expect(table.out).toMatch(
    new RegExp(
      `^ID +PARKED \\(UTC\\) +TARGET +ERROR\n${rome}  [\\d-]{10} [\\d:]{8}  oracle/rome  HANDLER_FAILED: cannot read rain\n$`,
    ),
  );
  expect(human.out).toContain('payload       {"text":"rain"}\n');
  expect(human.out).toMatch(/\nstack {2}Error: cannot read rain\n {7} +at /);
  expect(machine).toMatchObject({
    content: { messageType: "demo.Headline", payload: { text: "rain" } },
    error: { stack: expect.stringContaining("oracle.ts") },
  });
  expect(await json(["dead-letters", "purge", "--id", paris ?? ""], { env })).toEqual({
    purged: 1,
  });
  expect(await run(["dead-letters", "purge", "--all"], { env })).toEqual({
    ended: 0,
    out: "1 dead letters removed\n",
    err: "",
  });
  expect((await run(["dead-letters"], { env })).out).toBe("no dead letters\n");
});

test("a purge wants filters or --all, and filters are checked", async () => {
  const [nothing, both, code, time] = await Promise.all([
    run(["dead-letters", "purge"]),
    run(["dead-letters", "purge", "--all", "--agent", "oracle"]),
    run(["dead-letters", "--code", "WORKER_LOSS"]),
    run(["dead-letters", "--since", "yesterday"]),
  ]);
  expect([nothing, both, code, time].map(({ ended }) => ended)).toEqual([2, 2, 2, 2]);
  expect(code.err).toContain("option '--code <code>' argument 'WORKER_LOSS' is invalid");
});

test("dead letters are replayed, to their agents or elsewhere, and what stays is told", async () => {
  const { env, worker } = await templeWith("paris", "rome");
  const handled = new Journal<string>("what the archivist handled");
  await worker.register(
    closureAgent("archivist", Headline, ({ text }, ctx) => handled.add(`${ctx.self.key}: ${text}`)),
  );
  const replay = ["dead-letters", "replay"];
  expect(await run([...replay, "--all", "--to", "nobody"], { env })).toMatchObject({
    ended: 9,
    out: "0 dead letters are on their way\n",
    err: expect.stringMatching(
      /dead letter \d+ and 1 others stayed: AGENT_TYPE_UNKNOWN: no worker announced/,
    ),
  });
  const unknown = await run([...replay, "--id", "77", "--json"], { env });
  expect(unknown.ended).toBe(9);
  expect(JSON.parse(unknown.out)).toMatchObject({
    replayed: 0,
    refused: [{ id: 77, error: { code: "NOT_FOUND" } }],
  });
  expect(await json([...replay, "--agent", "oracle/rome", "--to", "archivist"], { env })).toEqual({
    replayed: 1,
    refused: [],
  });
  await handled.first((line) => line === "rome: rain", "the replayed headline");
  expect((await run([...replay, "--all"], { env })).out).toBe("1 dead letters are on their way\n");
  const again = async (): Promise<unknown> => json(["dead-letters"], { env });
  await eventually(
    again,
    (told) => (told as Listed).deadLetters[0]?.replays === 1,
    "the other one to be parked again",
    20_000,
  );
});

test("a replay wants filters or --all, too", async () => {
  const [nothing, both] = await Promise.all([
    run(["dead-letters", "replay"]),
    run(["dead-letters", "replay", "--all", "--code", "WORKER_LOST"]),
  ]);
  expect([nothing, both].map(({ ended }) => ended)).toEqual([2, 2]);
});
