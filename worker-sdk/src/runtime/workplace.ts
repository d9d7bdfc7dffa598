import type { Clock, Deadlines } from "@agentmesh/proto";
import type { NumberMap } from "@agentmesh/proto/link";
import type { Uplink } from "../connection/mesh-port.ts";
import type { Calls } from "./calls.ts";
import type { Publisher } from "./publisher.ts";
import type { Turn } from "./turn.ts";

/** What a runtime has counted since it was made. */
export interface RuntimeCounters {
  /** Deliveries that arrived. */
  deliveries: number;
  /** Turns that ended in a failure. */
  failedTurns: number;
  /** Events whose agent had no handler for them; they count as handled. */
  unhandledEvents: number;
  /** Messages that an interceptor dropped: sends, events, received messages, replies and elements of streams. */
  droppedMessages: number;
  /** `onDeactivate` hooks that threw, or were not waited for any more. */
  failedDeactivations: number;
}

/** What all turns of a runtime share. */
export interface Workplace {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly uplink: Uplink;
  readonly calls: Calls;
  readonly publisher: Publisher;
  readonly counters: RuntimeCounters;
  /** Deliveries that wait or run, by number, in the order of their arrival. */
  readonly turns: NumberMap<Turn>;
  /** Milliseconds after which a turn is told to stop, where its agent type does not say. */
  readonly maxTurnMs: number;
  /** Milliseconds that it then has before it is abandoned, and an `onDeactivate` before it is not waited for. */
  readonly turnGraceMs: number;
  /** Largest content in bytes. */
  maxPayloadBytes: number;
  /** While it is true no turn starts. */
  isPaused: boolean;
  /** Called when the last of `turns` has ended or is lost. */
  onQuiet: (() => void) | undefined;
}
