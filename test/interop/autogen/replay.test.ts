/** Every recording of real workers is played to a host, which gives each worker what it needs. */
import { expect, test } from "vitest";
import { hostForTest } from "../../support/host.ts";
import { Journal } from "../../support/journal.ts";
import { CORRECTIONS } from "./corrections.ts";
import { loadRecordings } from "./recording.ts";
import { Replay } from "./replay.ts";

const RECORDINGS = loadRecordings();

test.each(RECORDINGS)("$scenario", async (recording) => {
  const log = new Journal<{ event: string; sessionId?: string }>("the host's log");
  const write = (line: string): void => log.add(JSON.parse(line));
  const mesh = await hostForTest({ logLevel: "info" }, undefined, { write });
  const gone = (clientId: string) =>
    log.first(
      ({ event, sessionId }) => event === "session.suspended" && sessionId === clientId,
      `the host to miss ${clientId}`,
    );
  await new Replay(mesh.address, recording, gone).play();
});

test("all scenarios are there, and every correction is of one", () => {
  const names = RECORDINGS.map(({ scenario }) => scenario);
  expect(names).toHaveLength(34);
  expect(names).toEqual(expect.arrayContaining(Object.keys(CORRECTIONS)));
});
