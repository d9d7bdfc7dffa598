/**
 * Processes that a test starts: a host, and programs that speak over the IPC channel. They run compiled sources, as
 * users do. Each is ended by its own id when the test ends, also when it is stopped or has failed.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { HostOptions } from "@agentmesh/host";
import { atTheEnd } from "./ending.ts";
import { Journal } from "./journal.ts";
import type { Telling } from "./telling.ts";
import { within } from "./waiting.ts";

const WORKSPACE = fileURLToPath(new URL("..", import.meta.url));
/** Where the compiled sources of this workspace are; outside of tests this module is one of them. */
const COMPILED = import.meta.url.endsWith(".ts") ? path.join(WORKSPACE, "dist") : WORKSPACE;
/** Milliseconds of real time for a process to start and to say so: a busy machine loads modules slowly. */
const START_MS = 15_000;
/** Milliseconds of real time for a process to end. */
const END_MS = 10_000;
/** Last lines that are shown when a process ends before it should. */
const TAIL_LINES = 12;

/** How a process ended. */
export interface ProcessEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it; null when it ended by itself. */
  readonly signal: NodeJS.Signals | null;
}

/** One process. */
export class TestProcess {
  readonly name: string;
  readonly pid: number;
  /** What it wrote to stdout, line by line. */
  readonly out: Journal<string>;
  /** What it wrote to stderr, line by line. */
  readonly err: Journal<string>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProcessEnd>;
  readonly #tail: string[] = [];
  /** Whether it leads a process group, so that signals reach what it has started, too. */
  readonly #leads: boolean;

  constructor(name: string, child: ChildProcess, leads = false) {
    if (child.pid === undefined) throw new Error(`${name} could not be started`);
    this.name = name;
    this.pid = child.pid;
    this.#child = child;
    this.#leads = leads;
    this.out = this.#read("stdout", child.stdout);
    this.err = this.#read("stderr", child.stderr);
    this.#ended = new Promise((resolve) => {
      // Not `exit`: its last words may still be on their way then.
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    atTheEnd(() => this.kill());
  }

  /** How it ended, after it was told to. @throws when it does not end in time. */
  get ended(): Promise<ProcessEnd> {
    return this.finished(END_MS);
  }

  /** How it ended, once its work is done. @throws when that takes longer than `limitMs`. */
  finished(limitMs: number): Promise<ProcessEnd> {
    return within(this.#ended, () => `the end of ${this.name}${this.lastWords}`, limitMs);
  }

  /** Its last lines, for errors. */
  get lastWords(): string {
    return this.#tail.length === 0 ? "" : `; its last lines:\n  ${this.#tail.join("\n  ")}`;
  }

  /** Sends a signal: SIGTERM and SIGINT ask it to end, SIGSTOP freezes it, SIGCONT lets it go on. */
  signal(signal: "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void {
    this.#send(signal);
  }

  /** Ctrl-C as a terminal sends it: to the whole group of a process that was started with `ownGroup`. */
  interruptGroup(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** `kill -9`. Resolves when it is gone; without effect when it is gone already. */
  async kill(): Promise<void> {
    // A process that is stopped takes no other signal than this one.
    this.#send("SIGKILL");
    await this.ended;
  }

  /** Calls `onEnd` when it is gone, with how and with its last words. */
  whenEnded(onEnd: (how: string) => void): void {
    void this.#ended.then(({ code, signal }) =>
      onEnd(`${signal ?? `code ${code}`}${this.lastWords}`),
    );
  }

  #send(signal: NodeJS.Signals): void {
    if (!this.#leads) return void this.#child.kill(signal);
    try {
      process.kill(-this.pid, signal);
    } catch (failure) {
      // The whole group is gone already.
      if (!(failure instanceof Error && "code" in failure && failure.code === "ESRCH"))
        throw failure;
    }
  }

  #read(what: string, stream: Readable | null): Journal<string> {
    const journal = new Journal<string>(`${what} of ${this.name}`);
    if (stream === null) return journal;
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      journal.add(line);
    });
    lines.on("close", () => journal.close(`the process is gone${this.lastWords}`));
    return journal;
  }
}

/** One line of a host's log. */
export interface LogLine {
  /** Name of the event, `session.lapsed` and the like. */
  readonly event: string;
  /** Label of the worker that it is about. */
  readonly worker?: string;
  readonly code?: string;
}

/** A host in a process of its own. */
export interface HostProcess extends TestProcess {
  /** `host:port` that it listens on. */
  readonly address: string;
  /** Its log from level `info` on. */
  readonly log: Journal<LogLine>;
}

/** What `agentmesh` runs. */
export const AGENTMESH_PATH = path.join(
  path.dirname(createRequire(import.meta.url).resolve("@agentmesh/host/package.json")),
  "dist/cli/main.js",
);

/** Where a module runs. */
export interface ModuleStart {
  /** Variables on top of the search path. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it leads a process group of its own, as a command in a terminal does. Default: false. */
  readonly ownGroup?: boolean;
}

/** Starts a compiled module with these arguments, its output in pipes. */
export function startModule(
  name: string,
  module: URL,
  args: readonly string[],
  { env = {}, ownGroup = false }: ModuleStart = {},
): TestProcess {
  const child = spawn(process.execPath, [fileURLToPath(module), ...args], {
    env: { ...ownEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: ownGroup,
  });
  return new TestProcess(name, child);
}

/** Whether a process is there and works. One that has ended but that nobody has asked about yet does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const state = existsSync("/proc/self/stat") && readFileSync(`/proc/${pid}/stat`, "latin1");
    return state === false || !/\) [ZX] /.test(state);
  } catch {
    return false;
  }
}

/** Where and with what a command runs. */
export interface CommandOptions {
  /** Its working directory. */
  readonly cwd: string;
  /** Its environment. Default: the search path and nothing else. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a command as a user's terminal would: it leads a process group, and a signal reaches all that it has started. */
export function startCommand(
  command: readonly [file: string, ...args: string[]],
  { cwd, env = ownEnvironment() }: CommandOptions,
): TestProcess {
  const [file, ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  return new TestProcess(command.join(" "), child, true);
}

/** `agentmesh host` on a free port of loopback, or on a port that another host has left; resolves when it is ready. */
export async function startHostProcess(options: HostOptions = {}): Promise<HostProcess> {
  const all: HostOptions = { listen: "127.0.0.1:0", logLevel: "info", ...options };
  const host = startModule("the host", pathToFileURL(AGENTMESH_PATH), ["host", ...flagsOf(all)]);
  const log = new Journal<LogLine>("the host's log");
  host.err.each((line) => {
    if (line.startsWith("{")) log.add(JSON.parse(line));
  });
  host.whenEnded((how) => log.close(how));
  const isReady = (line: string): boolean => line.startsWith("agentmesh host ready on ");
  const line = await host.out.first(isReady, "the line that it is ready", { limitMs: START_MS });
  const [, address = ""] = /ready on (\S+)/.exec(line) ?? [];
  return Object.assign(host, { address, log });
}

/** A program of a test, with what it tells and what it is told. */
export interface ProgramProcess<Notice extends Telling, Order> extends TestProcess {
  /** What it has told. */
  readonly notices: Journal<Notice>;
  /** Tells it something. */
  order(order: Order): void;
}

/** How to start a program. */
export interface ProgramStart<Notice extends Telling> {
  /** What errors call it. */
  readonly name: string;
  /** Its source, in this workspace. What runs is what it was compiled to. */
  readonly source: URL;
  /** What it is to do; a value that JSON can carry. */
  readonly task: object;
  /** Reads what it tells. @throws when that is none of its notices. */
  readonly read: (notice: unknown) => Notice;
}

/** Starts a program and waits for its notice `ready`. */
export async function startProgram<Notice extends Telling, Order extends object>(
  start: ProgramStart<Notice>,
): Promise<ProgramProcess<Notice, Order>> {
  const child = fork(compiled(start.source), [JSON.stringify(start.task)], {
    // Those of the test's own process let it read sources that Node alone cannot.
    execArgv: [],
    env: ownEnvironment(),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const program = new TestProcess(start.name, child);
  const notices = new Journal<Notice>(start.name);
  child.on("message", (notice) => notices.add(start.read(notice)));
  program.whenEnded((how) => notices.close(how));
  await notices.first(({ kind }) => kind === "ready", "its start", { limitMs: START_MS });
  return Object.assign(program, { notices, order: (order: Order) => void child.send(order) });
}

/** The module that a source of this workspace is compiled to. */
function compiled(source: URL): string {
  const within = path.relative(WORKSPACE, fileURLToPath(source));
  return path.join(COMPILED, within.replace(/\.ts$/, ".js"));
}

/** No variable of whoever runs the tests reaches a process. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH };
}

function flagsOf(options: HostOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [flag, String(value)];
  });
}
