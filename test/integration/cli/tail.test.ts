import { expect, test } from "vitest";
import { run, start } from "./agentmesh.ts";
import { startTemple, type Temple } from "./oracle.ts";

/** Starts a tail of one temple for each of these filters, and waits until they follow. */
async function tails({ env }: Temple, ...filters: readonly (readonly string[])[]) {
  return Promise.all(
    filters.map(async (filter) => {
      const tail = start(["tail", ...filter], { env });
      await tail.errors.first((line) => line.startsWith("following"), "the tail to begin", {
        limitMs: 15_000,
      });
      return tail;
    }),
  );
}

/** What everybody does: a send that is answered, an event that fails, a send to nobody. */
async function bustle({ env }: Temple): Promise<void> {
  await run(["send", "oracle/delphi", "demo.Forget"], { env });
  const headline = ["--json-payload", '{"text":"rain"}'];
  await run(["publish", "news/paris", "demo.Headline", ...headline], { env });
  await run(["send", "nobody/1", "demo.Ask"], { env });
}

/** Kind and way of each line, without time, type and size. */
function shape(out: string): string[] {
  return out
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, "").replace(/ {2}demo\.\w+ \d+ B/, ""));
}

const FAILURE = "HANDLER_FAILED: cannot read rain";
const REFUSED = "refuse      nobody/1 AGENT_TYPE_UNKNOWN: ";

test("tail shows messages as they pass, narrowed as its filters ask, and ends after --count", async () => {
  const temple = await startTemple();
  const [all, agent, topic, errors] = await tails(
    temple,
    ["--count", "8"],
    ["--agent", "oracle/delphi", "--count", "3"],
    ["--topic", "news", "--count", "4"],
    ["--errors", "--worker", "oracle-1", "--count", "1"],
  );
  await bustle(temple);
  const DELPHI = [
    "send        oracle/delphi",
    "deliver     oracle/delphi",
    "end         oracle/delphi",
  ];
  const NEWS = [
    "publish     news/paris",
    "deliver     news/paris → oracle/paris",
    `end         news/paris → oracle/paris ${FAILURE}`,
    `dead-letter news/paris → oracle/paris ${FAILURE}`,
  ];
  const finished = await Promise.all([all, agent, topic, errors].map((tail) => tail?.finished));
  const [seen, ofAgent, ofTopic, ofErrors] = finished.map((one) => shape(one?.out ?? ""));
  expect(seen?.slice(0, 7)).toEqual([...DELPHI, ...NEWS]);
  expect(seen?.[7]).toContain(REFUSED);
  expect([ofAgent, ofTopic, ofErrors]).toEqual([DELPHI, NEWS, [NEWS[2]]]);
  expect(finished.map((one) => one?.ended)).toEqual([0, 0, 0, 0]);
});

test("tail --json prints one document per line, and Ctrl-C ends it with 130", async () => {
  const temple = await startTemple();
  const tail = start(["tail", "--json", "--topic", "news"], { env: temple.env });
  // Without words for people, the first sighting says that it follows.
  const publish = ["publish", "news/paris", "demo.Headline", "--json-payload", '{"text":"rain"}'];
  const seen = tail.lines.several(() => true, 4, "four sightings", { limitMs: 20_000 });
  let isSeen = false;
  void seen.then(() => {
    isSeen = true;
  });
  while (!isSeen) await run(publish, { env: temple.env });
  const [first, ...others] = (await seen).map((line) => JSON.parse(line));
  expect(first).toMatchObject({ topic: "news/paris", at: expect.stringMatching(/^\d{4}-.*Z$/) });
  const failed = others.find(({ kind }) => kind === "end") ?? first;
  expect(failed).toMatchObject({
    kind: "end",
    target: "oracle/paris",
    messageType: "demo.Headline",
    error: { code: "HANDLER_FAILED", text: "cannot read rain" },
  });
  tail.signal("SIGINT");
  expect((await tail.finished).ended).toBe(130);
});

test("tail ends with a code of its own when its host goes", async () => {
  const temple = await startTemple();
  const [tail] = await tails(temple, []);
  temple.host.signal("SIGTERM");
  expect(await tail?.finished).toMatchObject({
    ended: 10,
    err: expect.stringContaining("agentmesh: HOST_DRAINING: "),
  });
});
