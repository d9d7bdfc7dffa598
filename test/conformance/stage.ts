/**
 * Where the cases play. A driver builds a stage on the local runtime or on a mesh; a case cannot tell which.
 *
 * Time stands still until a case moves it, so that nothing happens because a machine was slow.
 */

import type { AgentDefinition, AgentRuntime, ErrorCode, Messenger } from "@agentmesh/worker-sdk";
import type { FakeClock } from "@agentmesh/worker-sdk/testing";

/** A message that could not be handled, as far as every driver knows it. */
export interface StagedLetter {
  /** `type/key` of the agent that it was for. */
  readonly target: string;
  /** `type/key` of the agent that sent it; undefined when none did. */
  readonly sender: string | undefined;
  /** `type/source` of an event; undefined for a send. */
  readonly topic: string | undefined;
  readonly messageType: string;
  readonly code: ErrorCode;
  readonly text: string;
  readonly stack: string;
  readonly attempts: number;
}

export interface Stage {
  readonly clock: FakeClock;
  /** Who calls from outside of any agent. */
  readonly caller: Messenger & Pick<AgentRuntime, "use">;
  /** Runtimes that run agents. The last one may be the first one. */
  readonly runtimes: readonly [AgentRuntime, ...AgentRuntime[]];
  /** Puts an agent type to work where the driver wants it. */
  register<State>(definition: AgentDefinition<State>): Promise<void>;
  /** Moves time on; what fell due has run, what it wrote to a socket may not have arrived. */
  advance(ms: number): Promise<void>;
  /** Resolves when everything that was sent before, by whomever, has come to where it goes. */
  arrived(): Promise<void>;
  /** Resolves when nothing that was accepted is on its way, waits or is handled. */
  quiet(): Promise<void>;
  /** What could not be handled, oldest first. */
  deadLetters(): Promise<readonly StagedLetter[]>;
  /** Leaves nothing behind. */
  dispose(): Promise<void>;
}

export interface Driver {
  readonly id: string;
  readonly name: string;
  start(): Promise<Stage>;
}

/** One promise to the users of the SDK, and the agents that show whether it is kept. */
export interface Case {
  /** Stable: the table of requirements names it. */
  readonly id: string;
  readonly promise: string;
  run(stage: Stage): Promise<void>;
}
