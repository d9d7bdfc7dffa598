import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { json, run } from "./agentmesh.ts";
import { startTemple } from "./oracle.ts";

/** A file with this text, until the test ends. */
function fileWith(text: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), "agentmesh-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, "payload.json");
  writeFileSync(file, text);
  return file;
}

const ASK = ["send", "oracle/delphi", "demo.Ask"];
const WHY = ["--json-payload", '{"question":"why?"}'];

test("send prints the reply, for people and as JSON", async () => {
  const { env } = await startTemple();
  const [human, machine] = await Promise.all([
    run([...ASK, ...WHY], { env }),
    json([...ASK, ...WHY], { env }),
  ]);
  expect(human).toEqual({ ended: 0, out: '{\n  "text": "delphi: why?"\n}\n', err: "" });
  expect(machine).toEqual({
    reply: {
      messageType: "demo.Answer",
      contentType: "application/json",
      payload: { text: "delphi: why?" },
    },
  });
});

test("send takes its payload from a file or stdin, metadata along, and any agent of a type", async () => {
  const { env } = await startTemple();
  const file = fileWith('{"question":"from a file"}');
  const [filed, piped, any] = await Promise.all([
    json([...ASK, "--payload-file", file, "--metadata", "mood=good"], { env }),
    json([...ASK, "--payload-file", "-"], { env, stdin: '{"question":"from stdin"}' }),
    json(["send", "oracle", "demo.Ask", ...WHY], { env }),
  ]);
  expect(filed).toMatchObject({ reply: { payload: { text: "delphi: from a file good" } } });
  expect(piped).toMatchObject({ reply: { payload: { text: "delphi: from stdin" } } });
  expect(any).toMatchObject({ reply: { payload: { text: expect.stringContaining("why?") } } });
});

test("send without a reply prints nothing to stdout, and null as JSON", async () => {
  const { env } = await startTemple();
  const forget = ["send", "oracle/delphi", "demo.Forget"];
  const [human, machine] = await Promise.all([run(forget, { env }), json(forget, { env })]);
  expect(human).toEqual({ ended: 0, out: "", err: "handled, without a reply\n" });
  expect(machine).toEqual({ reply: null });
});

test("send --stream prints replies as they come, one per line", async () => {
  const { env } = await startTemple();
  const tell = [
    "send",
    "oracle/delphi",
    "demo.Tell",
    "--stream",
    "--json-payload",
    '{"words":["forty","two"]}',
  ];
  const [human, machine] = await Promise.all([
    run(tell, { env }),
    run([...tell, "--json"], { env }),
  ]);
  expect(human).toEqual({ ended: 0, out: '{"text":"forty"}\n{"text":"two"}\n', err: "" });
  const replies = machine.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).reply.payload.text);
  expect(replies).toEqual(["forty", "two"]);
});

test("publish prints the id of the event once it is accepted", async () => {
  const { env } = await startTemple();
  const publish = ["publish", "news/paris", "demo.Headline", "--json-payload", '{"text":"rain"}'];
  const [human, machine] = await Promise.all([run(publish, { env }), json(publish, { env })]);
  expect(human).toEqual({ ended: 0, out: expect.stringMatching(/^\d+\n$/), err: "" });
  expect(machine).toEqual({ id: expect.any(Number) });
});

test("an error of the application is told with its code and details", async () => {
  const { env } = await startTemple();
  const closed = [...ASK, "--json-payload", '{"question":"closed?"}'];
  const [human, machine] = await Promise.all([
    run(closed, { env }),
    run([...closed, "--json"], { env }),
  ]);
  expect(human).toEqual({
    ended: 7,
    out: "",
    err: "agentmesh: APPLICATION SHUT: the oracle is closed\n",
  });
  expect([machine.ended, machine.out]).toEqual([7, ""]);
  expect(JSON.parse(machine.err)).toEqual({
    error: {
      exitCode: 7,
      text: "the oracle is closed",
      code: "APPLICATION",
      outcome: "executed",
      retryable: false,
      retryAfterMs: 0,
      appCode: "SHUT",
      details: { until: 9 },
    },
  });
});

test("what cannot be right is told before anybody connects", async () => {
  const finished = await Promise.all([
    run(["send", "/delphi", "demo.Ask"]),
    run([...ASK, "--json-payload", "{"]),
    run([...ASK, ...WHY, "--payload-file", "x"]),
    run([...ASK, "--metadata", "mood"]),
    run(["publish", "news", "demo.Headline"]),
  ]);
  expect(finished.map(({ ended }) => ended)).toEqual([2, 2, 2, 2, 2]);
  expect(finished.map(({ err }) => err.split(":")[1])).not.toContain(
    " no host answers at 127.0.0.1",
  );
});
