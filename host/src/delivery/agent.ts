import type { AgentId } from "@agentmesh/proto";
import type { AgentType } from "../directory/agent-type.ts";
import type { Delivery } from "./delivery.ts";
import { Lane } from "./lane.ts";
import type { Namespace } from "./namespace.ts";
import type { Worker } from "./worker.ts";

const NO_LANES: readonly Lane[] = [];

/**
 * An agent that is active and awake, or that has something waiting; the others do not exist here. The roster makes it
 * again of one that rests.
 *
 * A1. `worker` and `activation` are set together: the agent is active.
 * A2. `inFlight` counts its shipped deliveries, `rootsInFlight` those without ancestors; `waiting` those in lanes.
 * A3. Within a lane, deliveries are shipped in their order. All share one, so that sends and events of all topics keep
 *     the order in which they came, but nested calls have a lane of their own and go first. Each durable subscription
 *     has one beside it, and so has each postponed delivery: these hold up no other.
 */
export class Agent {
  readonly id: AgentId;
  readonly namespace: Namespace;
  readonly type: AgentType<Worker, Agent>;
  /** It takes sends to any key: it is placed where the least is in flight, and not by its key. */
  readonly isPooled: boolean;
  worker: Worker | undefined = undefined;
  activation = 0;
  /** Its row in the roster of its namespace; -1 while it is not active. */
  row = -1;
  inFlight = 0;
  rootsInFlight = 0;
  waiting = 0;
  /** When it last made progress, and when its turn was told to stop (0: it was not). The watch over turns counts. */
  progressAt = 0;
  toldToStopAt = 0;
  /** The worker for whose credit it waits. It may have been placed on another one since: then nobody serves it here. */
  waitsFor: Worker | undefined = undefined;
  /** Its worker must lose it: nothing without ancestors is shipped until it has moved. */
  isLeaving = false;
  #nested: Lane | undefined = undefined;
  #queue: Lane | undefined = undefined;
  #sides: readonly Lane[] = NO_LANES;

  constructor(id: AgentId, namespace: Namespace, type: AgentType<Worker, Agent>, isPooled = false) {
    this.id = id;
    this.namespace = namespace;
    this.type = type;
    this.isPooled = isPooled;
  }

  /** Whether nothing would be lost if all that is left of it were its name, its worker and its activation. */
  get canRest(): boolean {
    const { worker } = this;
    if (worker === undefined || this.inFlight > 0 || this.waiting > 0) return false;
    if (this.isPooled || this.isLeaving || this.waitsFor !== undefined) return false;
    return !worker.held.has(this);
  }

  /** The delivery to ship next; undefined when none waits or all that wait are parked. */
  next(): Delivery | undefined {
    if (this.waiting === 0) return undefined;
    if (this.#nested?.first !== undefined) return this.#nested.first;
    let oldest = this.#queue?.first;
    for (const lane of this.#sides) {
      const first = lane.parked ? undefined : lane.first;
      if (first !== undefined && (oldest === undefined || first.order < oldest.order))
        oldest = first;
    }
    return oldest;
  }

  /** Puts a delivery into its lane. */
  enqueue(delivery: Delivery): void {
    const lane = this.#laneFor(delivery);
    delivery.phase = "waiting";
    delivery.lane = lane;
    lane.insert(delivery);
    this.waiting++;
  }

  /** Takes a waiting delivery out of its lane. */
  dequeue(delivery: Delivery): void {
    const lane = delivery.lane;
    if (lane === undefined) return;
    lane.remove(delivery);
    delivery.lane = undefined;
    this.waiting--;
    if (lane.isEmpty && lane !== this.#queue && lane !== this.#nested) this.#dropSide(lane);
  }

  /** All that wait, oldest first within each lane. */
  *queued(): Generator<Delivery> {
    for (const lane of [this.#nested, this.#queue, ...this.#sides]) {
      let delivery = lane?.first;
      while (delivery !== undefined) {
        const behind: Delivery | undefined = delivery.behind;
        yield delivery;
        delivery = behind;
      }
    }
  }

  #laneFor(delivery: Delivery): Lane {
    if (delivery.isPostponed) return this.#laneOfItsOwn();
    if (delivery.kind === "event" && delivery.ticket !== undefined) {
      return this.#laneOf(delivery.ticket.laneKey);
    }
    if (delivery.isNested) {
      this.#nested ??= new Lane();
      return this.#nested;
    }
    this.#queue ??= new Lane();
    return this.#queue;
  }

  #laneOfItsOwn(): Lane {
    const lane = this.#addSide(new Lane());
    lane.parked = true;
    return lane;
  }

  #laneOf(key: string): Lane {
    const known = this.#sides.find((lane) => lane.key === key);
    return known ?? this.#addSide(new Lane(key));
  }

  #addSide(lane: Lane): Lane {
    this.#sides = [...this.#sides, lane];
    return lane;
  }

  #dropSide(lane: Lane): void {
    const others = this.#sides.filter((other) => other !== lane);
    this.#sides = others.length === 0 ? NO_LANES : others;
  }
}
