import {
  type Failure,
  failure,
  handlerFailure,
  invalid,
  LIMITS,
  type MeshError,
} from "@agentmesh/proto";
import type { Ending, Postponed, PublishFrame, TurnEndFrame } from "@agentmesh/proto/wire";

const NO_PUBLISHES: readonly PublishFrame[] = [];
const AGAIN: TurnEndFrame["ending"] = { kind: "postponed", delayMs: 0, counted: false };

/** The handler ran, and ended because it was told to. */
const STOPPED = { outcome: "unknown", retryable: false } as const;

/** Thrown in place of what a handler throws, by who has decided how the turn ends. */
export class EarlyEnd extends Error {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super("the turn ends before its handler");
    this.ending = ending;
  }
}

/** What of a delivery its end names. */
interface Ended {
  readonly delivery: number;
  readonly activation: number;
}

/** The end of a delivery, as it is told. `permanent` when no other attempt can cure a failure. */
export function turnEnd(
  { delivery, activation }: Ended,
  ending: TurnEndFrame["ending"],
  permanent: boolean,
): TurnEndFrame {
  return {
    kind: "turn-end",
    delivery,
    activation,
    ending,
    permanent,
    publishes: NO_PUBLISHES,
    state: false,
  };
}

/** The ending of a delivery that failed. */
export function failed(reason: Failure): Ending {
  return { kind: "failed", failure: reason };
}

/** The ending of an event that its handler wants later. @throws MeshError when it cannot have that. */
export function laterEnding(ms: number, isEvent: boolean): Postponed {
  if (!isEvent)
    throw invalid("retryLater is for events: the caller of a send waits for its answer");
  if (Number.isSafeInteger(ms) && ms >= 1 && ms <= LIMITS.retryLaterMs) {
    return { kind: "postponed", delayMs: ms, counted: true };
  }
  throw invalid(`retryLater takes 1–${LIMITS.retryLaterMs} milliseconds, not ${ms}`);
}

/** How a turn ends that runs well while its agent is given up because of another one. */
export function interrupted(isEvent: boolean): TurnEndFrame["ending"] {
  if (isEvent) return AGAIN;
  const text = "the agent was given up because of another turn, which did not end in time";
  return failed(failure("ACTIVATION_STALE", text, STOPPED));
}

/** How a turn ends whose handler threw, for who was told to stop because of `stopReason`. */
export function endingOf(
  thrown: unknown,
  stopReason: MeshError | undefined,
  isEvent: boolean,
): TurnEndFrame["ending"] {
  if (thrown instanceof EarlyEnd) return thrown.ending;
  if (stopReason === undefined) return failed(handlerFailure(thrown));
  // What lost its host has not failed: it is handled once more.
  if (isEvent && stopReason.code === "WORKER_LOST") return AGAIN;
  if (thrown === stopReason) return failed(failure(stopReason.code, undefined, STOPPED));
  return failed(handlerFailure(thrown));
}
