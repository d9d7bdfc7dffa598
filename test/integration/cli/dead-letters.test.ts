import { expect, test } from "vitest";
import { eventually } from "../../support/waiting.ts";
import { json, run } from "./agentmesh.ts";
import { startTemple, type Temple } from "./oracle.ts";

interface Listed {
  readonly deadLetters: readonly { readonly id: number; readonly target: string }[];
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
  expect(human.out).toContain('payload   {"text":"rain"}\n');
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
