import type { DurableOptions } from "@agentmesh/worker-sdk";

/** A topic type that the agents of a worker listen to. */
export interface Listening {
  readonly topicType: string;
  /** Left out for events that live in the host's memory. */
  readonly durable?: DurableOptions;
}

/** What a worker program is to do. */
export interface WorkerTask {
  readonly name: string;
  readonly host: string;
  /** Type of its agents. */
  readonly agentType: string;
  /** File that its turns are written to. */
  readonly journal: string;
  readonly listens?: readonly Listening[];
  /** Milliseconds for a turn of its agents before it is told to stop; 0 for the host's default. */
  readonly maxTurnMs?: number;
  /** File whose presence cures what ails. Default: there is no cure. */
  readonly cure?: string;
}

/** What a program with many workers is to do. */
export interface CrowdTask {
  readonly host: string;
  /** Type of the agents of each worker. */
  readonly agentTypes: readonly string[];
  /** File that their turns are written to. */
  readonly journal: string;
}
