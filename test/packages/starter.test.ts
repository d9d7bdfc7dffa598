/** The starter as somebody copies it: its own test and its own scripts, each in a process, outside of this workspace. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Project } from "./project.ts";

/** Milliseconds of real time for npm and the compiler on a busy machine. */
const TOOLS_MS = 180_000;
const STARTER = fileURLToPath(new URL("../../examples/starter", import.meta.url));

let starter: Project;

beforeAll(async () => {
  starter = await Project.copyOf(STARTER);
}, TOOLS_MS);
afterAll(() => starter.remove());

test("its test passes", { timeout: TOOLS_MS }, async () => {
  const lines = await starter.run(["npm", "test"]);
  expect(lines).toContain("# pass 3");
  expect(lines).toContain("# fail 0");
});

test("its host, worker and order find each other", { timeout: TOOLS_MS }, async () => {
  const host = starter.start(["npm", "run", "host", "--", "--listen", "127.0.0.1:0"]);
  const isReady = (line: string): boolean => line.startsWith("agentmesh host ready on ");
  const ready = await host.out.first(isReady, "the host", { limitMs: TOOLS_MS });
  const env = { AGENTMESH_ADDRESS: ready.split(" ").at(-1) ?? "" };
  const worker = starter.start(["npm", "run", "worker"], env);
  const isWorker = (line: string): boolean => line.endsWith(" is ready");
  await worker.out.first(isWorker, "the worker", { limitMs: TOOLS_MS });
  const order = await starter.run(["npm", "run", "order", "--", "mary", "apples", "3"], env);
  expect(order.at(-1)).toBe("mary: 3 apples are yours, 7 are left");
  worker.signal("SIGTERM");
  await worker.ended;
  host.signal("SIGTERM");
  await host.ended;
});
