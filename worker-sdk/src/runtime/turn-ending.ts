import { type Failure, failure, handlerFailure, type MeshError } from "@agentmesh/proto";
import type { Ending, PublishFrame, TurnEndFrame } from "@agentmesh/proto/wire";

const NO_PUBLISHES: readonly PublishFrame[] = [];
const AGAIN: TurnEndFrame["ending"] = { kind: "postponed", delayMs: 0 };

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
