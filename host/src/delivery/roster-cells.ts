import { randomInt } from "node:crypto";
import { PAGE_ROWS } from "@agentmesh/proto/link";
import type { AgentType } from "../directory/agent-type.ts";
import { hashOf } from "../directory/placement.ts";
import type { Agent } from "./agent.ts";
import type { Post } from "./post.ts";
import type { Worker } from "./worker.ts";

/** The columns of a page of the roster. */
export interface RosterCells {
  readonly numbers: number[];
  readonly keys: string[];
  /** The agent while it is awake, where it rests otherwise; undefined in a row of nobody. */
  readonly holders: (Agent | Post | undefined)[];
}

/** Unknown to those who choose keys, so that nobody chooses many that share a hash. */
const SEED = randomInt(2 ** 32);

/** The cells of a page of which no row is taken. */
export function cellsOfPage(): RosterCells {
  return {
    numbers: new Array<number>(PAGE_ROWS).fill(0),
    keys: new Array<string>(PAGE_ROWS).fill(""),
    holders: new Array<undefined>(PAGE_ROWS).fill(undefined),
  };
}

/** The hash of an activation number: its low bits, which are those that differ. */
export function hashOfNumber(number: number): number {
  return number | 0;
}

/** The hash of an agent's name. */
export function hashOfName(type: AgentType<Worker, Agent>, key: string): number {
  return hashOf(key, SEED ^ type.hash);
}
