/** What a host keeps, from the command line: durable subscriptions and backups. */
import path from "node:path";
import { defineMessage, topicId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { z } from "zod";
import { folderForTest } from "../../support/folder.ts";
import { startHostProcess } from "../../support/processes.ts";
import { json, run } from "./agentmesh.ts";
import { startTemple } from "./oracle.ts";

const Headline = defineMessage("demo.Headline", z.object({ text: z.string() }));

/** A temple whose host keeps two events for a subscription that nobody serves. */
async function templeWithBacklog(data: string) {
  const temple = await startTemple({ data });
  const { worker } = temple;
  await worker.subscribe({ type: "minutes" }, "scribe", { durable: { name: "archive" } });
  for (const text of ["one", "two"])
    await worker.publish(topicId("minutes", "a"), Headline({ text }));
  return temple;
}

test("durable subscriptions are listed with their backlog, and ended", async () => {
  const { env } = await templeWithBacklog(path.join(folderForTest(), "data"));
  const [table, machine] = await Promise.all([
    run(["durable"], { env }),
    json(["durable", "list"], { env }),
  ]);
  expect(table.out).toMatch(
    /^NAME +AGENT TYPE +POSITION +BACKLOG +OLDEST +DEAD +TOPIC\narchive +scribe +0 +2 +\d+ m?s +0 +minutes\n$/,
  );
  expect(machine).toMatchObject({
    durable: [
      {
        ...{ name: "archive", agentType: "scribe", topic: "minutes", maxAttempts: 5 },
        ...{ position: 0, backlog: 2, backlogCut: false, open: 2, deadLetters: 0 },
        oldestAt: expect.stringMatching(/^20\d\d-/),
      },
    ],
    nextCursor: "",
  });
  expect((await run(["durable", "end", "archive"], { env })).out).toBe("archive has ended\n");
  expect((await run(["durable"], { env })).out).toBe("no durable subscriptions\n");
  expect(await run(["durable", "end", "archive"], { env })).toMatchObject({
    ended: 9,
    err: expect.stringContaining("SUBSCRIPTION_UNKNOWN"),
  });
});

test("a backup of a running host is the data folder of another one", async () => {
  const folder = folderForTest();
  const { env } = await templeWithBacklog(path.join(folder, "data"));
  const copy = path.join(folder, "copy");
  expect(await run(["backup", copy], { env })).toEqual({
    ended: 0,
    out: `the copy is in ${copy}\n`,
    err: "",
  });
  expect(await run(["backup", copy], { env })).toMatchObject({
    ended: 2,
    err: expect.stringContaining("a backup needs an empty folder"),
  });
  const { address } = await startHostProcess({ data: copy });
  const restored = { AGENTMESH_ADDRESS: address };
  expect(await json(["durable"], { env: restored })).toMatchObject({
    durable: [{ name: "archive", backlog: 2 }],
  });
});

test("a host that keeps everything in memory has nothing to back up", async () => {
  const { address } = await startHostProcess();
  const copy = path.join(folderForTest(), "copy");
  expect(await run(["backup", copy, "--host", address])).toMatchObject({
    ended: 1,
    err: expect.stringContaining("start it with a data folder"),
  });
});
