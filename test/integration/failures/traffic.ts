/**
 * Steady traffic from one caller that notices everything lost, duplicated, reordered or failed: sends and events with
 * numbers without gaps to the same agents, and reply streams of known length.
 */
import { agentId, topicId, type Worker } from "@agentmesh/worker-sdk";
import { until } from "../../support/waiting.ts";
import { RECOVERY_MS } from "./mesh.ts";
import { CountUp, HAPPENINGS, Happened, Recall, Work } from "./programs/messages.ts";

export interface TrafficOptions {
  /** Agents that are sent to and that hear events. */
  readonly keys: number;
  /** Sends in flight to each of them. */
  readonly sendsPerKey: number;
  /** Publishes in flight for each of them. */
  readonly publishesPerKey: number;
  /** Streams of replies that are open. */
  readonly streams: number;
  /** Length of each. */
  readonly streamLength: number;
  /** Whether agents may move to another worker, where they begin anew. Default false. */
  readonly agentsMove?: boolean;
}

const SENDER = "traffic";
const TIMEOUT_MS = 60_000;

export class Traffic {
  readonly #caller: Worker;
  readonly #options: TrafficOptions;
  readonly #published = new Map<string, number>();
  readonly #workers = new Set<string>();
  readonly #problems: string[] = [];
  readonly #lanes: Promise<void>[] = [];
  #isEnding = false;
  #settled = 0;

  /** Begins at once. */
  constructor(caller: Worker, options: TrafficOptions) {
    this.#caller = caller;
    this.#options = options;
    const { keys, streams, sendsPerKey, publishesPerKey } = options;
    for (let index = 0; index < keys; index++) {
      const key = `lane-${index}`;
      this.#keepGoing(sendsPerKey, (sequence) => this.#send(key, sequence));
      this.#keepGoing(publishesPerKey, (sequence) => this.#publish(key, sequence));
    }
    for (let index = 0; index < streams; index++) {
      this.#keepGoing(1, (sequence) => this.#read(`stream-${index}`, sequence));
    }
  }

  /** Sends and publishes that are settled, and replies of streams. */
  get settled(): number {
    return this.#settled;
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
        await run(last).catch((error: unknown) => this.#problems.push(String(error)));
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
    const goesOn = before === sequence - 1 && (count === sequence || this.#options.agentsMove);
    const beginsAnew = before === 0 && count === 1 && this.#options.agentsMove === true;
    if (handled.sequence === sequence && (goesOn || beginsAnew)) return;
    this.#problems.push(`send ${sequence} to ${key} became ${JSON.stringify(handled)}`);
  }

  async #publish(key: string, sequence: number): Promise<void> {
    this.#published.set(key, sequence);
    await this.#caller.publish(topicId(HAPPENINGS, key), Happened({ sender: SENDER, sequence }));
    this.#settled++;
  }

  async #read(key: string, sequence: number): Promise<void> {
    const { streamLength } = this.#options;
    const name = `${key}-${sequence}`;
    const message = CountUp({ name, upTo: streamLength });
    let last = 0;
    for await (const { number } of this.#caller.stream(agentId("probe", key), message)) {
      if (number !== last + 1) this.#problems.push(`${name} went from ${last} to ${number}`);
      last = number;
      this.#settled++;
    }
    if (last !== streamLength) this.#problems.push(`${name} ended at ${last}`);
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
