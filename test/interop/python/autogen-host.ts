/** AutoGen's own host in a process of its own: what ours is compared with. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { sourceOf } from "./scenarios.ts";

export interface AutoGenHost extends AsyncDisposable {
  readonly address: string;
}

/** Starts it and waits until it is ready. */
export async function startAutoGenHost(python: string): Promise<AutoGenHost> {
  const port = await freePort();
  const script = sourceOf("autogen_host.py");
  const child = spawn(python, [script, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const ready = once(createInterface({ input: child.stdout }), "line");
  const how = await Promise.race([ready, ended]);
  if (how[0] !== "ready") throw new Error(`AutoGen's host ended with ${String(how[0])}`);
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A port that nobody uses: AutoGen's host cannot say which one it was given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
