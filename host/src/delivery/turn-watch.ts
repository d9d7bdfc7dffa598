/**
 * Finds turns that do not end. Workers watch their own turns; this is for those that do not, or cannot because they
 * hang. One look per second over what is in flight costs less than an alarm per delivery.
 *
 * 1. An agent's time counts from its last progress: its first delivery in flight, or the end of one.
 * 2. Time is counted in looks, so that a pause of this process is nobody's fault. It is never short, and up to two looks
 *    long.
 * 3. Who is late is told to stop; who has not stopped after the grace is abandoned.
 */
import { type Clock, ERROR_TABLE, type Timer } from "@agentmesh/proto";
import type { Agent } from "./agent.ts";
import type { Delivery } from "./delivery.ts";
import type { Worker } from "./worker.ts";

const LOOK_MS = 1_000;

export class TurnWatch {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #abandon: (agent: Agent) => void;
  readonly #workers = new Set<Worker>();
  #looks = 1;
  #timer: Timer | undefined;

  /** `graceMs`: for how long a turn may go on after it was told to stop; then `abandon` is called for its agent. */
  constructor(clock: Clock, graceMs: number, abandon: (agent: Agent) => void) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#abandon = abandon;
  }

  /** Something may be shipped to a worker from now on. */
  add(worker: Worker): void {
    this.#workers.add(worker);
  }

  /** A worker has lost everything that was in flight. */
  remove(worker: Worker): void {
    this.#workers.delete(worker);
    if (this.#workers.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A delivery was shipped to the agent. */
  shipped(agent: Agent): void {
    if (agent.inFlight === 1) this.#begin(agent);
    this.#timer ??= this.#clock.after(LOOK_MS, this.#look);
  }

  /** A delivery to the agent has ended. */
  landed(agent: Agent): void {
    this.#begin(agent);
  }

  /** A turn of the agent begins, as far as is known: also on another worker than the one before. */
  #begin(agent: Agent): void {
    agent.progressAt = this.#looks;
    agent.toldToStopAt = 0;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    this.#looks++;
    let isBusy = false;
    for (const worker of this.#workers) {
      if (worker.inFlight.size === 0) continue;
      isBusy = true;
      for (const delivery of firstOfEach(worker)) this.#judge(delivery, worker);
    }
    if (isBusy) this.#timer ??= this.#clock.after(LOOK_MS, this.#look);
  };

  #judge(delivery: Delivery, worker: Worker): void {
    const { agent } = delivery;
    if (agent.toldToStopAt > 0) {
      if (this.#hasPassed(agent.toldToStopAt, this.#graceMs)) this.#abandon(agent);
      return;
    }
    if (!this.#hasPassed(agent.progressAt, agent.type.maxTurnMs)) return;
    agent.toldToStopAt = this.#looks;
    worker.sink.cancelDelivery(delivery.number, ERROR_TABLE.TURN_ABANDONED.number);
  }

  /** Whether so much time has passed for sure since the look before which something happened. */
  #hasPassed(looks: number, ms: number): boolean {
    return (this.#looks - looks - 1) * LOOK_MS >= ms;
  }
}

/** The oldest delivery in flight to each agent of a worker: its turn is the one that runs. */
function firstOfEach(worker: Worker): Iterable<Delivery> {
  const first = new Map<Agent, Delivery>();
  for (const delivery of worker.inFlight.values()) {
    if (!first.has(delivery.agent)) first.set(delivery.agent, delivery);
  }
  return first.values();
}
