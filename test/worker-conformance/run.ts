/** Tries every requirement that concerns a worker, one after the other. */
import { CASES } from "./cases/index.ts";
import { type Claim, REQUIREMENTS, type Requirement } from "./requirements.ts";
import { Stage } from "./stage.ts";
import { type Finding, Verdicts } from "./verdicts.ts";

const UNCLAIMED: Readonly<Record<Claim, string>> = {
  resume: "its Hello does not say resume",
  small: "its Hello says resume",
  courier: "it does not handle courier.v1.Parcel and courier.v1.Unpack",
  scatter: "it does not handle courier.v1.Scatter",
};
const COURIER_MESSAGES = ["courier.v1.Parcel", "courier.v1.Unpack"];
const SCATTER = "courier.v1.Scatter";

/** What is run, and how. */
export interface Trial {
  /** Starts the worker; a shell reads it. */
  readonly worker: string;
  /** Milliseconds that the worker may take for whatever it must do. */
  readonly limitMs: number;
  /** Numbers of the requirements that are tried; undefined means all. */
  readonly only: readonly string[] | undefined;
}

/**
 * Runs a worker through the requirements.
 * @throws Error when the worker does not connect at all.
 */
export async function tryWorker({ worker, limitMs, only }: Trial): Promise<readonly Finding[]> {
  const chosen = REQUIREMENTS.filter(({ id }) => only === undefined || only.includes(id));
  const verdicts = new Verdicts(chosen);
  await using stage = await Stage.open(worker, limitMs, verdicts);
  const claims = await claimsOf(stage);
  for (const requirement of chosen) await tryOne(requirement, claims, stage, verdicts);
  return verdicts.findings();
}

/** Tries one, if it concerns the worker. Those without a case are watched all the time. */
async function tryOne(
  { id, claims }: Requirement,
  claimed: ReadonlySet<Claim>,
  stage: Stage,
  verdicts: Verdicts,
): Promise<void> {
  const missing = claims.find((claim) => !claimed.has(claim));
  if (missing !== undefined) return verdicts.notClaimed(id, UNCLAIMED[missing]);
  const tried = CASES.find((one) => one.id === id);
  try {
    if (tried === undefined) return;
    await tried.run(stage);
    verdicts.met(id);
  } catch (error) {
    verdicts.broken(id, error instanceof Error ? error.message : String(error));
    stage.discard();
  }
}

/** What the worker says of itself. */
async function claimsOf(stage: Stage): Promise<ReadonlySet<Claim>> {
  const session = await stage.session();
  const { handles } = await session.agentType();
  const handled = handles.map(({ messageType }) => messageType);
  const claims = new Set<Claim>([session.resumes ? "resume" : "small"]);
  if (COURIER_MESSAGES.every((name) => handled.includes(name))) claims.add("courier");
  if (handled.includes(SCATTER)) claims.add("scatter");
  return claims;
}
