import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Complaint } from "./complaint.ts";

/** Milliseconds until a process has said that it is ready. */
const READY_LIMIT_MS = 20_000;
/** Milliseconds until a process has ended after it was asked to. */
const STOP_LIMIT_MS = 8_000;

/** A Node program that runs beside this one. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** What followed the word `ready` in the line by which it said so. */
  readonly readyText: string;
  /** Resolves when it has ended, to how. */
  readonly ended: Promise<string>;
  /** Asks it to end, and ends it when it does not. */
  stop(): Promise<void>;
}

/**
 * Starts a Node program and waits until it prints a line with the word `ready`. Its standard input stays open for as long
 * as this process lives: by its end the child learns that it is alone.
 * @throws Complaint when it ends before, or takes too long.
 */
export async function startChild(name: string, args: readonly string[]): Promise<Child> {
  // Its own process group: Ctrl-C in the terminal must reach this process alone, which then ends the others in order.
  const detached = process.platform !== "win32";
  const child = spawn(process.execPath, args, { stdio: "pipe", detached, env: ownEnvironment() });
  const ended = endOf(child);
  const stop = (): Promise<void> => stopChild(child, ended);
  try {
    const readyText = await untilReady(name, child, ended);
    return { name, pid: child.pid ?? 0, readyText, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The environment without settings for hosts: they are meant for the user's own, not for the one of this review. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith("AGENTMESH_")));
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // Not `exit`: its last words may still be on their way then.
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function untilReady(name: string, child: ChildProcess, ended: Promise<string>): Promise<string> {
  let lastLine = "";
  return new Promise((resolve, reject) => {
    const seconds = READY_LIMIT_MS / 1000;
    const timer = setTimeout(() => {
      reject(new Complaint(`waited ${seconds} s for ${name} to be ready${lastLine}`));
    }, READY_LIMIT_MS);
    // Both are read to their ends: a process whose output nobody reads stands still.
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        lastLine = `: ${line}`;
        const ready = /\bready\b(.*)/.exec(line)?.[1];
        if (ready === undefined || output !== child.stdout) return;
        clearTimeout(timer);
        resolve(ready.trim());
      });
    }
    ended.then((how) => {
      clearTimeout(timer);
      reject(new Complaint(`${name} ended before it was ready (${how})${lastLine}`));
    }, reject);
  });
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
