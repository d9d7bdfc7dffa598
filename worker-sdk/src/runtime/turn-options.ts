import { DEFAULTS, invalid } from "@agentmesh/proto";

/** How long turns may take. */
export interface TurnOptions {
  /**
   * Milliseconds after which a turn is told to stop, where its agent type does not say; 1–2 147 483 647.
   * Default: 600 000.
   */
  readonly maxTurnMs?: number | undefined;
  /**
   * Milliseconds that a turn then has to end, 1–2 147 483 647. After them it is abandoned: its message becomes a dead
   * letter and the agent is placed anew. An `onDeactivate` has as long: then the agent may begin anew beside it.
   * Default: 10 000.
   */
  readonly turnGraceMs?: number | undefined;
}

/** {@link TurnOptions}, complete. */
export interface ResolvedTurns {
  readonly maxTurnMs: number;
  readonly turnGraceMs: number;
}

// Timers of Node fire at once when they are set for longer.
const MOST_MS = 2_147_483_647;
const TURN_GRACE_MS = 10_000;

/** Completes how long turns may take. @throws MeshError `INVALID_ARGUMENT` naming the option. */
export function resolveTurns(options: TurnOptions): ResolvedTurns {
  return {
    maxTurnMs: checkMs("maxTurnMs", options.maxTurnMs ?? DEFAULTS.maxTurnMs),
    turnGraceMs: checkMs("turnGraceMs", options.turnGraceMs ?? TURN_GRACE_MS),
  };
}

/** @throws MeshError `INVALID_ARGUMENT` unless `value` is a number of milliseconds that a timer can wait. */
export function checkMs(option: string, value: number): number {
  return checkInteger(option, value, 1, MOST_MS);
}

/** @throws MeshError `INVALID_ARGUMENT` unless `value` is an integer of this range. */
export function checkInteger(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${option} must be an integer of ${least}–${most}, not ${value}`);
}
