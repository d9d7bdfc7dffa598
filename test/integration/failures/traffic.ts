/**
 * Steady traffic from one caller that notices everything lost, duplicated, reordered or failed: sends and events with
 * numbers without gaps to the same agents, and reply streams of known length.
 */
import { agentId, MeshError, topicId, type Worker } from "@agentmesh/worker-sdk";
import { until } from "../../support/waiting.ts";
import { RECOVERY_MS } from "./mesh.ts";
import { CountUp, HAPPENINGS, Happened, Recall, Relay, Work } from "./programs/messages.ts";

export interface TrafficOptions {
  /** Agents that are sent to and that hear events. */
  readonly keys: number;
  /** Sends in flight to each of them. */
  readonly sendsPerKey: number;
  /** Publishes in flight for each of them. */
  readonly publishesPerKey: number;
  /** Streams of replies that are open; every other one of large elements. */
  readonly streams: number;
  /** Length of each. */
  readonly streamLength: number;
  /** Chains of sends that are under way, from agent to agent and back to one that waits. Default 0. */
  readonly chains?: number;
  /** Whether agents may move to another worker, where they begin anew. Default false. */
  readonly agentsMove?: boolean;
  /** Whether a call may end as `CONNECTION_LOST` with outcome unknown; it is counted then. Default false. */
  readonly mayBeLost?: boolean;
}

const SENDER = "traffic";
const TIMEOUT_MS = 60_000;
const LARGE_CHARACTERS = 10_000;

export class Traffic {
  readonly #caller: Worker;
  readonly #options: TrafficOptions;
  readonly #published = new Map<string, number>();
  readonly #workers = new Set<string>();
  readonly #problems: string[] = [];
  readonly #lanes: Promise<void>[] = [];
  #isEnding = false;
  #settled = 0;
  #lost = 0;

  /** Begins at once. */
  constructor(caller: Worker, options: TrafficOptions) {
    this.#caller = caller;
    this.#options = options;
    const { keys, streams, chains = 0, sendsPerKey, publishesPerKey } = options;
    for (let index = 0; index < keys; index++) {
      const key = `lane-${index}`;
      this.#keepGoing(sendsPerKey, (sequence) => this.#send(key, sequence));
      this.#keepGoing(publishesPerKey, (sequence) => this.#publish(key, sequence));
    }
    for (let index = 0; index < streams; index++) {
      const fillerCharacters = index % 2 === 0 ? 0 : LARGE_CHARACTERS;
      this.#keepGoing(1, (turn) => this.#read(`stream-${index}`, turn, fillerCharacters));
    }
    for (let index = 0; index < chains; index++) {
      this.#keepGoing(1, () => this.#chain(`chain-${index}`));
    }
  }

  /** Sends and publishes that are settled, and replies of streams. */
  get settled(): number {
    return this.#settled;
  }

  /** Calls that ended with outcome unknown. */
  get lost(): number {
    return this.#lost;
  }

  /** Names of the workers that have answered. */
  get workers(): ReadonlySet<string> {
    return this.#workers;
  }

  /** Waits for so many more of them. */
  async progress(count: number): Promise<void> {
    const wanted = this.#settled + count;
    const isThere = (): boolean => this.#settled >= wanted || this.#problems.length > 0;
    await until(isThere, `${count} more messages of the traffic`, RECOVERY_MS);
  }

  /** Begins nothing more and waits for all that is open. @returns everything that was not as it must be. */
  async end(): Promise<readonly string[]> {
    this.#isEnding = true;
    await Promise.all(this.#lanes);
    for (const [key, published] of this.#published) await this.#compare(key, published);
    return this.#problems;
  }

  /** Runs `run` with growing numbers from 1, `width` at a time, until the end. */
  #keepGoing(width: number, run: (sequence: number) => Promise<void>): void {
    let last = 0;
    const lane = async (): Promise<void> => {
      while (!this.#isEnding && this.#problems.length === 0) {
        last++;
        await run(last).catch((error: unknown) => this.#failed(error));
      }
    };
    for (let index = 0; index < width; index++) this.#lanes.push(lane());
  }

  async #send(key: string, sequence: number): Promise<void> {
    const work = Work({ sender: SENDER, sequence });
    const handled = await this.#caller.send(agentId("probe", key), work, { timeoutMs: TIMEOUT_MS });
    this.#settled++;
    const { before, count } = handled;
    this.#workers.add(handled.worker);
    if (handled.sequence === sequence && this.#isInPlace(sequence, before, count)) return;
    this.#problems.push(`send ${sequence} to ${key} became ${JSON.stringify(handled)}`);
  }

  /** Whether an agent that handles `sequence` remembers of the sender what it must. */
  #isInPlace(sequence: number, before: number, count: number): boolean {
    const { agentsMove, mayBeLost } = this.#options;
    if (mayBeLost === true) return before < sequence && count <= sequence;
    if (agentsMove === true) return before === sequence - 1 || (before === 0 && count === 1);
    return before === sequence - 1 && count === sequence;
  }

  #failed(error: unknown): void {
    const isLost = error instanceof MeshError && error.code === "CONNECTION_LOST";
    if (isLost && error.outcome === "unknown" && this.#options.mayBeLost === true) this.#lost++;
    else this.#problems.push(String(error));
  }

  async #publish(key: string, sequence: number): Promise<void> {
    this.#published.set(key, sequence);
    await this.#caller.publish(topicId(HAPPENINGS, key), Happened({ sender: SENDER, sequence }));
    this.#settled++;
  }

  async #read(key: string, turn: number, fillerCharacters: number): Promise<void> {
    const { streamLength } = this.#options;
    const name = `${key}-${turn}`;
    const message = CountUp({ name, upTo: streamLength, fillerCharacters });
    let last = 0;
    for await (const { number } of this.#caller.stream(agentId("probe", key), message)) {
      if (number !== last + 1) this.#problems.push(`${name} went from ${last} to ${number}`);
      last = number;
      this.#settled++;
    }
    if (last !== streamLength) this.#problems.push(`${name} ended at ${last}`);
  }

  async #chain(key: string): Promise<void> {
    const path = [`probe/${key}`, `probe/${key}-next`, `probe/${key}`, `probe/${key}-last`];
    const relay = Relay({ path: path.slice(1) });
    const { visits } = await this.#caller.send(agentId("probe", key), relay, {
      timeoutMs: TIMEOUT_MS,
    });
    this.#settled++;
    const agents = visits.map((visit) => visit.slice(0, visit.indexOf("@")));
    if (agents.join() !== path.join()) this.#problems.push(`${key} went ${visits.join(", ")}`);
  }

  /** Asks an agent for the events that it has heard, until the last one is among them. */
  async #compare(key: string, published: number): Promise<void> {
    // It stands behind the events in the agent's mailbox only when those were shipped before, which acceptance does
    // not promise: it is asked again until all are there.
    let heard: readonly { sequence: number; attempt: number }[] = [];
    for (let ask = 0; heard.length < published && ask < 1_000; ask++) {
      ({ heard } = await this.#caller.send(agentId("probe", key), Recall({})));
    }
    const wrong = heard.find(({ sequence, attempt }, at) => sequence !== at + 1 || attempt !== 1);
    if (wrong !== undefined)
      this.#problems.push(`${key} heard ${JSON.stringify(wrong)} out of place`);
    if (heard.length !== published) {
      this.#problems.push(`${key} heard ${heard.length} of ${published} events`);
    }
  }
}
