/** A host with a data folder: what it keeps outlives it, and a folder that cannot be used is told in one line. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { createHost } from "@agentmesh/host";
import { FakeClock } from "@agentmesh/proto/testing";
import { expect, onTestFinished, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { fail, publish, send } from "../../support/frames.ts";
import { hostForTest, startHost } from "../../support/host.ts";
import { startHostProcess, TestProcess } from "../../support/processes.ts";
import { RawClient } from "../../support/raw-client.ts";
import { RawWorker } from "../../support/raw-worker.ts";
import { eventually } from "../../support/waiting.ts";

const MAIN = new URL("../../../host/dist/cli/main.js", import.meta.url).pathname;
const LETTERS = 5;

/** Lets the handlers of some events fail. */
async function failOnEvents(address: string): Promise<void> {
  const worker = await RawWorker.connect(address, {
    types: ["reader"],
    subscriptions: ["news -> reader"],
  });
  onTestFinished(() => worker.close());
  for (let number = 1; number <= LETTERS; number++) {
    worker.write(publish(number, `news/${number}`, `text ${number}`));
    const { targets } = await worker.next("event");
    for (const target of targets) worker.write(fail(target, "HANDLER_FAILED", `no ${number}`));
  }
  await worker.barrier();
}

function clientOf(address: string): RawClient {
  const client = new RawClient(address);
  onTestFinished(() => client.close());
  return client;
}

test("dead letters survive kill -9 of the host, each with everything that it holds", async () => {
  const data = path.join(folderForTest(), "data");
  const first = await startHostProcess({ data });
  await failOnEvents(first.address);
  const before = await eventually(
    () => clientOf(first.address).deadLetters(),
    ({ deadLetters }) => deadLetters.length === LETTERS,
    "all dead letters to be parked",
  );
  await first.kill();
  const second = await startHostProcess({ data });
  const client = clientOf(second.address);
  expect((await client.deadLetters()).deadLetters).toEqual(before.deadLetters);
  const [letter] = before.deadLetters;
  const shown = await client.deadLetter({ id: letter?.id ?? 0, target: undefined });
  expect(shown).toMatchObject({
    kind: "ok",
    response: { deadLetter: { error: { text: "no 1" }, payloadBytes: "text 1".length } },
  });
});

test("without a data folder a restart forgets dead letters", async () => {
  const first = await startHostProcess();
  await failOnEvents(first.address);
  await first.kill();
  const second = await startHostProcess();
  expect((await clientOf(second.address).deadLetters()).deadLetters).toEqual([]);
});

test("a host whose clock went back gives out larger numbers than the one before, and adopts what that one activated", async () => {
  const data = path.join(folderForTest(), "data");
  const unixMs = Date.UTC(2030, 0, 1);
  const first = await hostForTest({ data }, new FakeClock({ unixMs }));
  const before = await first.worker(["a"]);
  before.write(send(1, "a/kept", ""));
  const { activation } = await before.next("deliver");
  const { instanceId, welcome } = before;
  await first.close();
  const earlier = new FakeClock({ unixMs: unixMs - 3_600_000 });
  const second = await hostForTest({ data }, earlier);
  const activations = [{ number: activation, agent: { type: "a", key: "kept" } }];
  const { resumeToken } = welcome;
  const after = await second.worker(["a"], { hello: { instanceId, resumeToken, activations } });
  expect(after.welcome.adopted).toEqual([activation]);
  after.write(send(1, "a/", ""));
  expect((await after.next("deliver")).activation).toBeGreaterThan(activation);
});

test("the copy that a running host makes is a data folder for another one", async () => {
  const folder = folderForTest();
  const mesh = await startHost({ data: path.join(folder, "data") });
  onTestFinished(() => mesh.close());
  await failOnEvents(mesh.address);
  await mesh.host.backup(path.join(folder, "copy"));
  const restored = await startHostProcess({ data: path.join(folder, "copy") });
  const { deadLetters } = await clientOf(restored.address).deadLetters();
  expect(deadLetters).toHaveLength(LETTERS);
});

test("a second host on the same folder is refused, and the first goes on", async () => {
  const data = folderForTest();
  const first = await startHostProcess({ data });
  await expect(createHost({ listen: "127.0.0.1:0", data })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("is in use by another host"),
  });
  await failOnEvents(first.address);
});

test("a host that cannot listen leaves nothing at work, and its folder to another one", async () => {
  const data = path.join(folderForTest(), "data");
  const { address } = await startHostProcess();
  const lines: string[] = [];
  const log = { write: (line: string) => void lines.push(line) };
  await expect(createHost({ listen: address, data, logLevel: "info" }, { log })).rejects.toThrow(
    "cannot listen",
  );
  expect(lines).toEqual([expect.stringContaining('"event":"host.closed"')]);
  await startHostProcess({ data });
});

/** Runs a command that starts a host which cannot start. @returns its last line. */
async function refusalOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const host = new TestProcess("the host", child);
  expect(await host.ended).toEqual({ code: 3, signal: null });
  return host.lastWords;
}

test("a folder that the host must not write to is told in one line", async () => {
  const data = path.join(folderForTest(), "data");
  mkdirSync(data);
  const host = [process.execPath, MAIN, "host", "--listen", "127.0.0.1:0", "--data", data];
  chmodSync(data, 0o555);
  onTestFinished(() => chmodSync(data, 0o755));
  // Nothing is forbidden to root, so it becomes somebody else first.
  const someone =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : ["env"];
  const [command = "", ...args] = [...someone, ...host];
  expect(await refusalOf(command, args)).toMatch(/data: \S+ (is no folder|cannot be)/);
});

test("a file in place of the folder is told in one line", async () => {
  const args = [MAIN, "host", "--listen", "127.0.0.1:0", "--data", MAIN];
  expect(await refusalOf(process.execPath, args)).toMatch(/data: \S+main\.js cannot be made/);
});
