/** Durable publishing to many lanes, with numbers without gaps, that remembers what became of each event. */
import { setTimeout as pause } from "node:timers/promises";
import { MeshError, topicId, type Worker } from "@agentmesh/worker-sdk";
import { eventually } from "../support/waiting.ts";
import { Count } from "./count.ts";
import type { Crew } from "./crew.ts";
import { eventId, judgeLane, sequenceOf } from "./lanes.ts";
import { Happened } from "./programs/messages.ts";
import type { Stage } from "./stage.ts";
import type { Turns } from "./turns.ts";

const LIMIT_MS = 60_000;
const MOST_TAKES_MS = 3;
/** Milliseconds between a refusal and the next publish of a lane. */
const LEAST_PAUSE_MS = 10;

/** What is published. */
export interface PublishingOptions {
  readonly topicType: string;
  /** Type of the agents that the events are for; their keys are the names of the lanes. */
  readonly agentType: string;
  readonly lanes: number;
  /** Publishes in flight in each lane. */
  readonly width: number;
  /** Characters that each event has beside its name. Default 0. */
  readonly fillerCharacters?: number;
}

/** What became of the publishes of one lane. */
interface Lane {
  readonly name: string;
  last: number;
  readonly accepted: number[];
  readonly refused: Map<number, MeshError>;
}

export class Publishing {
  readonly accepted = new Count("accepted events", LIMIT_MS);
  readonly refused = new Count("refused events", LIMIT_MS);
  readonly #stage: Stage;
  readonly #options: PublishingOptions;
  readonly #lanes: readonly Lane[];
  readonly #running: Promise<void>[] = [];
  readonly #filler: string;
  #caller: Worker;
  #isEnding = false;

  /** Begins at once. */
  constructor(stage: Stage, caller: Worker, options: PublishingOptions) {
    this.#stage = stage;
    this.#caller = caller;
    this.#options = options;
    this.#filler = "x".repeat(options.fillerCharacters ?? 0);
    this.#lanes = Array.from({ length: options.lanes }, (_, index) => {
      return { name: `lane-${index}`, last: 0, accepted: [], refused: new Map() };
    });
    for (const lane of this.#lanes) {
      for (let place = 0; place < options.width; place++) this.#running.push(this.#publish(lane));
    }
  }

  /** The refusals of all lanes. */
  get refusals(): readonly MeshError[] {
    return this.#lanes.flatMap(({ refused }) => [...refused.values()]);
  }

  /** Begins nothing more, and waits for the answers to what is under way. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#running);
  }

  /**
   * Waits until what was accepted is handled, and tells the stage of everything that is lost, out of order, repeated
   * without saying so, or handled though it was refused. @returns how many turns were repetitions.
   */
  async compare(crew: Crew): Promise<number> {
    const turns = await this.#untilHandled(crew);
    let repetitions = 0;
    for (const { name, accepted, refused } of this.#lanes) {
      const lines = turns.of(`${this.#options.agentType}/${name}`);
      const { lost, repeated, unmarked, outOfOrder } = judgeLane(lines, accepted);
      repetitions += repeated;
      const broken = lines.filter(
        ({ id }) => refused.get(sequenceOf(id))?.outcome === "not-executed",
      );
      const bad = { lost, unmarked, outOfOrder, handledThoughRefused: broken.length };
      if (Object.values(bad).some((count) => count > 0))
        this.#stage.problem(`${name}: ${JSON.stringify(bad)}`);
    }
    return repetitions;
  }

  /** What the agents did, when all is handled or nothing more is to be expected. */
  async #untilHandled(crew: Crew): Promise<Turns> {
    const isHandled = (turns: Turns) => this.#lanes.every((lane) => isDone(lane, turns));
    const what = "all events to be handled";
    try {
      return await eventually(() => crew.turns(), isHandled, what, LIMIT_MS);
    } catch {
      return await crew.turns();
    }
  }

  async #publish(lane: Lane): Promise<void> {
    const { topicType } = this.#options;
    while (!this.#isEnding) {
      lane.last++;
      const sequence = lane.last;
      const takesMs = this.#stage.between(0, MOST_TAKES_MS);
      const event = Happened({ id: eventId(lane.name, sequence), takesMs, filler: this.#filler });
      const published = this.#caller.publish(topicId(topicType, lane.name), event, {
        timeoutMs: LIMIT_MS,
      });
      const refusal = await published.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal === undefined) this.#accept(lane, sequence);
      else await this.#refuse(lane, sequence, refusal);
    }
  }

  #accept(lane: Lane, sequence: number): void {
    lane.accepted.push(sequence);
    this.accepted.add();
  }

  async #refuse(lane: Lane, sequence: number, error: unknown): Promise<void> {
    if (!(error instanceof MeshError)) throw error;
    lane.refused.set(sequence, error);
    this.refused.add();
    // As a publisher should: at once, it would be refused as often as its processor can.
    await pause(Math.max(error.retryAfterMs, LEAST_PAUSE_MS));
  }
}

function isDone({ name, accepted }: Lane, turns: Turns): boolean {
  return accepted.every((sequence) => turns.ended(eventId(name, sequence)) > 0);
}
