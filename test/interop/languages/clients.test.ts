/** The clients that the manual shows in Python and Go are run as they stand there, beside the example worker. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { scriptOf } from "../../packages/code-blocks.ts";
import { folderForTest } from "../../support/folder.ts";
import { startCommand, startHostProcess } from "../../support/processes.ts";
import { type Command, ROOT } from "../environment.ts";
import { commandOf, LANGUAGES, startCourier } from "./couriers.ts";

/** Milliseconds of real time for a client to be compiled and run. */
const RUN_MS = 60_000;
const MANUAL = await readFile(path.join(ROOT, "proto", "README.md"), "utf8");

/** Runs a client of the manual against this host. @returns the lines that it prints. */
async function run(command: Command, folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const client = startCommand(command, { cwd: path.join(ROOT, folder), env });
  const { code } = await client.finished(RUN_MS);
  expect(code, client.lastWords).toBe(0);
  return [...client.out.entries];
}

test.skipIf(!LANGUAGES.includes("python"))("the client in Python", async () => {
  const { address } = await startHostProcess();
  await startCourier("python", address);
  const { text, prints } = scriptOf(MANUAL, "python");
  const [python] = commandOf("python");
  const script = text.replace("127.0.0.1:50051", address);
  const env = { PATH: process.env.PATH, PYTHONPATH: "gen" };
  expect(await run([python, "-c", script], "examples/python-worker", env)).toEqual(prints);
});

test.skipIf(!LANGUAGES.includes("go"))("the client in Go", { timeout: RUN_MS }, async () => {
  const { address } = await startHostProcess();
  const { text, prints } = scriptOf(MANUAL, "go");
  const file = path.join(folderForTest(), "ask.go");
  await writeFile(file, text.replace("127.0.0.1:50051", address));
  expect(await run(["go", "run", file], "examples/go-worker", process.env)).toEqual(prints);
});
