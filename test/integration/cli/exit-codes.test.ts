import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hostForTest } from "../../support/host.ts";
import { type Finished, json, run, start } from "./agentmesh.ts";
import { startTemple } from "./oracle.ts";

/** What the help says of each exit code. */
async function documented(): Promise<Map<number, string>> {
  const { out } = await run(["--help"]);
  const [, list = ""] = /Exit codes:\n((?: +\d+.*\n)+)/.exec(out) ?? [];
  return new Map(
    [...list.matchAll(/^ +(\d+) {2}(.*)$/gm)].map(([, code, text]) => [Number(code), text ?? ""]),
  );
}

/** A command that ends with each of the codes. */
const ENDINGS: readonly (readonly [code: number, why: string, end: () => Promise<Finished>])[] = [
  [0, "done", () => run(["--version"])],
  [1, "anything else", old],
  [2, "wrong options", () => run(["send", "oracle/delphi", "demo.Ask", "--timeout-ms", "soon"])],
  [3, "a file", () => run(["status", "--token-file", "/no/such-token"])],
  [
    4,
    "an address",
    () => run(["host", "--listen", "192.0.2.1:50051", "--insecure-public-address"]),
  ],
  [5, "no host", () => run(["status", "--host", "127.0.0.1:1"])],
  [6, "a token", denied],
  [7, "a handler", () => oracle("demo.Ask", "--json-payload", '{"question":"closed?"}')],
  [8, "a deadline", () => oracle("demo.Wait", "--timeout-ms", "50")],
  [9, "nobody", nobody],
  [10, "no room", busy],
];

async function oracle(...message: readonly string[]): Promise<Finished> {
  const { env } = await startTemple();
  return run(["send", "oracle/delphi", ...message], { env });
}

async function denied(): Promise<Finished> {
  const { address } = await hostForTest({ token: "s3cret" });
  return run(["status", "--host", address, "--token", "guess"]);
}

async function nobody(): Promise<Finished> {
  const { address } = await hostForTest();
  return run(["send", "nobody/1", "demo.Ask", "--host", address]);
}

async function busy(): Promise<Finished> {
  const mesh = await hostForTest();
  const tails = await Promise.all(Array.from({ length: 16 }, () => mesh.client.tail()));
  const finished = await run(["tail", "--host", mesh.address]);
  for (const tail of tails) tail.cancel();
  return finished;
}

/** A host that does not offer what is asked for. */
async function old(): Promise<Finished> {
  const { address } = await hostForTest();
  return run(["publish", "news/x", "demo.Ask", "--delay-ms", "5", "--host", address]);
}

describe("every exit code", () => {
  test.each(ENDINGS)("%i: %s", async (code, _, end) => {
    const { ended, err } = await end();
    expect(ended).toBe(code);
    // One line for people, without a stack.
    if (code !== 0) expect(err).toMatch(/^agentmesh: .+\n$/);
  });

  test("is documented in every help", async () => {
    const codes = await documented();
    expect([...codes.keys()].filter((code) => code < 128)).toEqual(ENDINGS.map(([code]) => code));
    const helps = await Promise.all([run(["host", "--help"]), run(["drain", "worker", "--help"])]);
    for (const [code, text] of codes) {
      for (const { out } of helps) expect(out).toMatch(new RegExp(`^ +${code}.* {2}${text}$`, "m"));
    }
  });

  test("is documented in the README", () => {
    const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    for (const [code] of ENDINGS)
      expect(readme).toMatch(new RegExp(`^\\|.* ?${code} \\| [a-z]`, "m"));
  });

  test("is also told in the JSON of a failure", async () => {
    const { ended, out, err } = await run(["status", "--host", "127.0.0.1:1", "--json"]);
    expect([ended, out]).toEqual([5, ""]);
    expect(JSON.parse(err)).toEqual({
      error: { exitCode: 5, text: expect.stringContaining("no host answers") },
    });
  });

  test("is 130 or 143 after a signal", async () => {
    const { address } = await hostForTest();
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const tail = start(["tail", "--host", address]);
      await tail.errors.first((line) => line.startsWith("following"), "the tail", {
        limitMs: 15_000,
      });
      tail.signal(signal);
      expect((await tail.finished).ended).toBe(code);
    }
  });
});

test("a host tells as JSON that it is ready", async () => {
  const host = start(["host", "--listen", "127.0.0.1:0", "--json"]);
  const line = await host.lines.first(() => true, "the line that it is ready", { limitMs: 15_000 });
  expect(JSON.parse(line)).toEqual({
    ready: true,
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    hostId: expect.any(String),
    guards: [],
  });
  const { address } = JSON.parse(line);
  expect(await json(["status"], { env: { AGENTMESH_ADDRESS: address } })).toMatchObject({
    address,
  });
  host.signal("SIGTERM");
  expect((await host.finished).ended).toBe(0);
});
