/** Tries every requirement that concerns a worker, one after the other. */
import { CASES } from "./cases/index.ts";
import { REQUIREMENTS, type Scope } from "./requirements.ts";
import { Stage } from "./stage.ts";
import { type Finding, Verdicts } from "./verdicts.ts";

const NOT_CONCERNED: Readonly<Record<Exclude<Scope, "all">, string>> = {
  resume: "its Hello does not say resume",
  small: "its Hello says resume",
  courier: "it does not handle courier.v1.Parcel and courier.v1.Unpack",
};
const COURIER_MESSAGES = ["courier.v1.Parcel", "courier.v1.Unpack"];

/**
 * Runs a worker through all requirements.
 * @param command starts the worker; a shell reads it
 * @param limitMs milliseconds that the worker may take for whatever it must do
 * @throws Error when the worker does not connect at all.
 */
export async function tryWorker(command: string, limitMs: number): Promise<readonly Finding[]> {
  const verdicts = new Verdicts();
  await using stage = await Stage.open(command, limitMs, verdicts);
  const scopes = await scopesOf(stage);
  for (const { id, scope } of REQUIREMENTS) {
    if (scope !== "all" && !scopes.has(scope)) verdicts.notTried(id, NOT_CONCERNED[scope]);
  }
  for (const { id, run } of CASES) {
    const scope = REQUIREMENTS.find((requirement) => requirement.id === id)?.scope;
    if (scope === undefined || !scopes.has(scope)) continue;
    try {
      await run(stage);
      verdicts.met(id);
    } catch (error) {
      verdicts.broken(id, error instanceof Error ? error.message : String(error));
      stage.discard();
    }
  }
  return verdicts.findings();
}

/** What concerns the worker, by what it says of itself. */
async function scopesOf(stage: Stage): Promise<ReadonlySet<Scope>> {
  const session = await stage.session();
  const { handles } = await session.agentType();
  const handled = handles.map(({ messageType }) => messageType);
  const isCourier = COURIER_MESSAGES.every((name) => handled.includes(name));
  const scopes: Scope[] = ["all", session.resumes ? "resume" : "small"];
  return new Set(isCourier ? [...scopes, "courier"] : scopes);
}
