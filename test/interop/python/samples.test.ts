/**
 * The samples of AutoGen's distributed runtime, told anew: programs with the real package and nothing of ours, each part
 * in a process of its own.
 */
import { spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { startHostProcess, TestProcess } from "../../support/processes.ts";
import { HAS_AUTOGEN, PYTHON, SCENARIO_MS } from "./python.ts";
import { sourceOf } from "./scenarios.ts";

/** Milliseconds of real time for what a sample says: it loads AutoGen for seconds on a busy machine. */
const LIMIT = { limitMs: 40_000 };

/** One part of a sample. */
interface Part {
  /** The first `count` lines that it says, apart from those that it is ready. */
  said(count: number): Promise<readonly string[]>;
  /** Waits until it says this. */
  says(line: string): Promise<void>;
  /** Lets it go on. */
  goOn(): void;
}

function startPart(sample: string, address: string, role: string): Part {
  const child = spawn(PYTHON, [sourceOf(`samples/${sample}.py`), address, role]);
  const { out } = new TestProcess(`${role} of ${sample}`, child);
  const isResult = (line: string): boolean => line !== "ready" && line !== "subscribed";
  return {
    said: (count) => out.several(isResult, count, `${count} lines of ${role}`, LIMIT),
    says: async (line) => void (await out.first((it) => it === line, `${line} of ${role}`, LIMIT)),
    goOn: () => void child.stdin.write("\n"),
  };
}

/** Starts several parts at once and waits until each says that it is there. */
async function startParts<Role extends string>(
  sample: string,
  address: string,
  sign: string,
  ...roles: readonly Role[]
): Promise<Part[]> {
  const parts = roles.map((role) => startPart(sample, address, role));
  await Promise.all(parts.map((part) => part.says(sign)));
  return parts;
}

describe.runIf(HAS_AUTOGEN)("the samples", { timeout: SCENARIO_MS }, () => {
  test("hello: two workers greet each other over the default topic", async () => {
    const { address } = await startHostProcess();
    const [greeter] = await startParts("hello", address, "ready", "greeter");
    const receiver = startPart("hello", address, "receiver");
    expect(await receiver.said(1)).toEqual(["Hello, World!"]);
    expect(await greeter?.said(1)).toEqual(["Thanks for 'Hello, World!'"]);
  });

  test("rpc: a worker answers what another one asks it", async () => {
    const { address } = await startHostProcess();
    await startParts("rpc", address, "ready", "greeter");
    expect(await startPart("rpc", address, "caller").said(3)).toEqual([
      "Hello, Ann: you are number 1 for east",
      "Hello, Bob: you are number 1 for west",
      "Hello, Eve: you are number 2 for east",
    ]);
  });

  test("cascade: five workers, five messages, five rounds", async () => {
    const { address } = await startHostProcess();
    const names = Array.from({ length: 5 }, (_, index) => `cascade${index}`);
    const workers = await startParts("cascade", address, "ready", ...names);
    const publisher = startPart("cascade", address, "publisher");
    await Promise.all(workers.map((worker) => worker.says("all")));
    publisher.goOn();
    for (const worker of workers) expect(await worker.said(2)).toEqual(["all", "1705 calls"]);
  });

  test("group chat: a manager gives writer and editor the word, in two chats at a time", async () => {
    const { address } = await startHostProcess();
    const roles = ["reader", "manager", "writer", "editor"] as const;
    const [reader] = await startParts("group_chat", address, "subscribed", ...roles);
    reader?.goOn();
    const lines = [
      "user: Write about a fox.",
      "writer: A fox jumps.",
      "editor: Longer than 'A fox jumps.', please.",
      "writer: A quick fox jumps.",
      "editor: Longer than 'A quick fox jumps.', please.",
      "writer: A quick brown fox jumps over a lazy dog.",
      "editor: APPROVE",
      "end",
    ];
    const said = (await reader?.said(2 * lines.length)) ?? [];
    for (const chat of ["one", "two"])
      expect(said.filter((line) => line.startsWith(chat))).toEqual(
        lines.map((line) => `${chat}: ${line}`),
      );
  });
});
