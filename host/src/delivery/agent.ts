import type { AgentId } from "@agentmesh/proto";
import type { AgentType } from "../directory/agent-type.ts";
import type { Delivery } from "./delivery.ts";
import { Lane } from "./lane.ts";
import type { Namespace } from "./namespace.ts";
import type { Worker } from "./worker.ts";

const NO_LANES: readonly Lane[] = [];
const SENDS = "";
/** No topic type is like this. */
const POSTPONED = "/";

/**
 * An agent that is active or that has something waiting; the others do not exist here.
 *
 * A1. `worker` and `activation` are set together: the agent is active.
 * A2. `inFlight` counts its shipped deliveries, `rootsInFlight` those without ancestors; `waiting` those in lanes.
 * A3. Within a lane, deliveries are shipped in their order. Nested calls have a lane of their own and go first; each
 *     postponed delivery has one, which holds up no other.
 */
export class Agent {
  readonly id: AgentId;
  readonly namespace: Namespace;
  readonly type: AgentType<Worker, Agent>;
  /** It takes sends to any key: it is placed where the least is in flight, and not by its key. */
  readonly isPooled: boolean;
  worker: Worker | undefined = undefined;
  activation = 0;
  inFlight = 0;
  rootsInFlight = 0;
  waiting = 0;
  /** The worker for whose credit it waits. It may have been placed on another one since: then nobody serves it here. */
  waitsFor: Worker | undefined = undefined;
  /** Its worker must lose it: nothing without ancestors is shipped until it has moved. */
  isLeaving = false;
  #nested: Lane | undefined = undefined;
  #lanes: readonly Lane[] = NO_LANES;

  constructor(id: AgentId, namespace: Namespace, type: AgentType<Worker, Agent>, isPooled = false) {
    this.id = id;
    this.namespace = namespace;
    this.type = type;
    this.isPooled = isPooled;
  }

  /** The delivery to ship next; undefined when none waits or all that wait are parked. */
  next(): Delivery | undefined {
    if (this.waiting === 0) return undefined;
    if (this.#nested?.first !== undefined) return this.#nested.first;
    if (this.#lanes.length === 1) {
      const lane = this.#lanes[0] as Lane;
      return lane.parked ? undefined : lane.first;
    }
    let oldest: Delivery | undefined;
    for (const lane of this.#lanes) {
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
    if (lane.isEmpty && lane !== this.#nested) this.#dropLane(lane);
  }

  /** All that wait, oldest first within each lane. */
  *queued(): Generator<Delivery> {
    const lanes = this.#nested === undefined ? this.#lanes : [this.#nested, ...this.#lanes];
    for (const lane of lanes) {
      let delivery = lane.first;
      while (delivery !== undefined) {
        const behind: Delivery | undefined = delivery.behind;
        yield delivery;
        delivery = behind;
      }
    }
  }

  #laneFor(delivery: Delivery): Lane {
    if (delivery.isPostponed) return this.#laneOfItsOwn();
    return delivery.isNested ? this.#nestedLane() : this.#laneOf(laneKey(delivery));
  }

  #laneOfItsOwn(): Lane {
    const lane = new Lane(POSTPONED);
    lane.parked = true;
    this.#lanes = [...this.#lanes, lane];
    return lane;
  }

  #nestedLane(): Lane {
    this.#nested ??= new Lane(SENDS);
    return this.#nested;
  }

  #laneOf(key: string): Lane {
    for (const lane of this.#lanes) if (lane.key === key) return lane;
    const lane = new Lane(key);
    this.#lanes = [...this.#lanes, lane];
    return lane;
  }

  #dropLane(lane: Lane): void {
    this.#lanes =
      this.#lanes.length === 1 ? NO_LANES : this.#lanes.filter((other) => other !== lane);
  }
}

/** Sends share one lane; the events of a topic type have one each. */
function laneKey(delivery: Delivery): string {
  return delivery.kind === "call" ? SENDS : delivery.event.topic.type;
}
