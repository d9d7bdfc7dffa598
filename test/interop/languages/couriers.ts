/** The example workers, each in a process of its own. */
import path from "node:path";
import { startCommand, type TestProcess } from "../../support/processes.ts";
import { type Command, type Environment, ROOT } from "../environment.ts";

/** Milliseconds of real time for a worker to connect, also after its host was away. */
const CONNECT_MS = 15_000;

/** Languages that the example workers are written in. */
export type Language = "typescript" | "python" | "go";

const TYPESCRIPT = path.join(ROOT, "examples", "dist", "typescript-worker", "worker.js");

/** How each is started, or why it cannot be, as the set-up of these tests found it. */
const COURIERS: Readonly<Record<Language, Environment>> = {
  typescript: { kind: "ready", command: [process.execPath, TYPESCRIPT] },
  ...JSON.parse(process.env.AGENTMESH_ENVIRONMENTS ?? "{}"),
};

/** Those that can be started here. */
export const LANGUAGES: readonly Language[] = (["typescript", "python", "go"] as const).filter(
  (language) => COURIERS[language].kind === "ready",
);

/** What starts one. @throws Error when it cannot be started here. */
export function commandOf(language: Language): Command {
  const courier = COURIERS[language];
  if (courier.kind === "missing") throw new Error(courier.reason);
  return courier.command;
}

/** Starts one and waits until it has been welcomed. */
export async function startCourier(language: Language, address: string): Promise<TestProcess> {
  const env = { PATH: process.env.PATH, AGENTMESH_ADDRESS: address };
  const worker = startCommand(commandOf(language), { cwd: ROOT, env });
  await connected(worker);
  return worker;
}

/** Waits until a worker says that it is connected; `from` is the line that counts first. */
export async function connected(worker: TestProcess, from = 0): Promise<void> {
  const isIt = (line: string): boolean => line.includes(" connected to ");
  await worker.out.first(isIt, "the line that it is connected", { from, limitMs: CONNECT_MS });
}
