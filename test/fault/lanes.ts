/** What must hold for the events of one lane, read from what its agent has written. */
import type { TurnLine } from "./turns.ts";

/** The id of an event in what agents write. */
export function eventId(lane: string, sequence: number): string {
  return `${lane}#${sequence}`;
}

/** The place of an event in its lane, from 1. */
export function sequenceOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("#") + 1));
}

/** What a lane has shown. */
export interface LaneFindings {
  /** Events that were never handled to their end. */
  readonly lost: number;
  /** Turns that were begun for an event of before. */
  readonly repeated: number;
  /** Those of them that did not say so. */
  readonly unmarked: number;
  /** Turns that were begun before an earlier event of the lane had been handled. */
  readonly outOfOrder: number;
}

/** Compares what an agent did with the events that it was to get: those in `expected`, by place in the lane. */
export function judgeLane(lines: readonly TurnLine[], expected: readonly number[]): LaneFindings {
  const begun = new Set<number>();
  const ended = new Set<number>();
  const waiting = [...expected].sort((a, b) => a - b);
  let repeated = 0;
  let unmarked = 0;
  let outOfOrder = 0;
  for (const { at, id, attempt, resent } of lines) {
    const sequence = sequenceOf(id);
    if (at === "ended") {
      ended.add(sequence);
      continue;
    }
    if (begun.has(sequence)) {
      repeated++;
      if (attempt === 1 && !resent) unmarked++;
    }
    begun.add(sequence);
    while (waiting[0] !== undefined && ended.has(waiting[0])) waiting.shift();
    if (waiting[0] !== undefined && waiting[0] < sequence) outOfOrder++;
  }
  const lost = expected.filter((sequence) => !ended.has(sequence)).length;
  return { lost, repeated, unmarked, outOfOrder };
}
