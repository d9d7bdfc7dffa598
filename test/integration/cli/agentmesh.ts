/** `agentmesh` as a process of its own, as people and scripts run it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Journal } from "../../support/journal.ts";
import { within } from "../../support/waiting.ts";

const AGENTMESH = fileURLToPath(new URL("../../../host/bin/agentmesh.js", import.meta.url));
/** Milliseconds of real time for a command to start, to do its work and to end. */
const LIMIT_MS = 20_000;

/** How a command ended. */
export interface Finished {
  /** Exit code, or the name of the signal that killed the process. */
  readonly ended: number | string;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  /** Variables. No variable of whoever runs the tests reaches the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is on stdin. Default: nothing. */
  readonly stdin?: string;
}

/** A command that runs. */
export interface Command {
  /** What it has printed, line by line. */
  readonly lines: Journal<string>;
  /** What it has told on stderr, line by line. */
  readonly errors: Journal<string>;
  readonly finished: Promise<Finished>;
  signal(signal: "SIGINT" | "SIGTERM"): void;
}

/** Starts `agentmesh` with these arguments; it is killed when the test ends. */
export function start(args: readonly string[], options: CommandOptions = {}): Command {
  const child = spawn(process.execPath, [AGENTMESH, ...args], {
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.end(options.stdin ?? "");
  const name = `agentmesh ${args[0]}`;
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? String(signal)));
  });
  const all = Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const finished = all.then(([how, out, err]) => ({ ended: how, out, err }));
  return {
    lines: linesOf(`stdout of ${name}`, child, "stdout"),
    errors: linesOf(`stderr of ${name}`, child, "stderr"),
    finished: within(finished, () => `the end of ${name}`, LIMIT_MS),
    signal: (signal) => void child.kill(signal),
  };
}

/** Runs `agentmesh` to its end. */
export function run(args: readonly string[], options?: CommandOptions): Promise<Finished> {
  return start(args, options).finished;
}

/** Runs a command that succeeds with `--json`. @returns the document that it printed. */
export async function json(args: readonly string[], options?: CommandOptions): Promise<unknown> {
  const { ended, out, err } = await run([...args, "--json"], options);
  if (ended !== 0 || err !== "") throw new Error(`${args.join(" ")} ended with ${ended}: ${err}`);
  return JSON.parse(out);
}

function linesOf(name: string, child: ChildProcess, which: "stdout" | "stderr"): Journal<string> {
  const journal = new Journal<string>(name);
  const stream = child[which];
  if (stream === null) return journal;
  const lines = createInterface({ input: stream });
  lines.on("line", (line) => journal.add(line));
  lines.on("close", () => journal.close("the process is gone"));
  return journal;
}
