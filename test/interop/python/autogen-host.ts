/** AutoGen's own host in a process of its own: what ours is compared with. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { HostOptions } from "@agentmesh/host";
import { sourceOf } from "./scenarios.ts";

export interface AutoGenHost extends AsyncDisposable {
  readonly address: string;
}

/** Runs it on a free port and prints `ready <port>`. */
export const HOST_PROGRAM = sourceOf("autogen_host.py");

/** Starts it with what it knows of our host's options, and waits until it is ready. */
export async function startAutoGenHost(
  python: string,
  { maxPayloadBytes }: HostOptions = {},
): Promise<AutoGenHost> {
  const limit = maxPayloadBytes === undefined ? [] : [`${maxPayloadBytes}`];
  const child = spawn(python, [HOST_PROGRAM, ...limit], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const ready = once(createInterface({ input: child.stdout }), "line");
  const [how] = await Promise.race([ready, ended]);
  const [, port] = /^ready (\d+)$/.exec(String(how)) ?? [];
  if (port === undefined) throw new Error(`AutoGen's host ended with ${String(how)}`);
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
