/** The Python that the set-up of these tests has made ready. */
import type { Environment } from "../environment.ts";

const environment: Environment | undefined = JSON.parse(
  process.env.AGENTMESH_ENVIRONMENTS ?? "{}",
).autogen;

/** Whether AutoGen is there. */
export const HAS_AUTOGEN = environment?.kind === "ready";

/** A Python that has AutoGen. */
export const PYTHON = environment?.kind === "ready" ? environment.command[0] : "";

/** Milliseconds of real time for a test: Python loads AutoGen for seconds on a busy machine. */
export const SCENARIO_MS = 60_000;
