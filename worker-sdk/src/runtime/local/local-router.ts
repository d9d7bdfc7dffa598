/**
 * Routes the frames of the local mesh: which agent, which activation, what becomes of it.
 *
 * R1. `#deliveries` holds exactly what was handed to an agent and is not answered.
 * R2. An agent has one activation at a time; numbers only grow.
 * R3. A send is settled once; an event that failed becomes a dead letter.
 */
import {
  AgentId,
  type Clock,
  DEFAULTS,
  type Failure,
  failure,
  type Timer,
} from "@agentmesh/proto";
import {
  decodeContent,
  type Ending,
  type EventTarget,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type StreamCreditFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { AnnouncedSubscription, Downlink } from "../mesh-port.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type LocalAgent, type LocalDelivery, reenteredRequest } from "./local-delivery.ts";

/** What the local mesh carries. */
export type LocalFrame =
  | SendFrame
  | PublishFrame
  | TurnEndFrame
  | { readonly kind: "done"; readonly activation: number; readonly delivery: number }
  | ReplyChunkFrame
  | StreamCreditFrame
  | { readonly kind: "cancel"; readonly request: number }
  | { readonly kind: "idle"; readonly activations: readonly number[] }
  | { readonly kind: "release"; readonly deliveries: readonly number[] };

/** Key of the agent that takes sends to any key. */
const ANY_KEY = "~local";
const HANDLED: Ending = { kind: "done" };

export class LocalRouter {
  readonly deadLetters = new DeadLetters();
  readonly subscriptions = new Map<string, AnnouncedSubscription>();
  readonly #clock: Clock;
  readonly #downlink: Downlink;
  readonly #again: (frame: LocalFrame) => void;
  readonly #types = new Set<string>();
  readonly #agents = new Map<string, LocalAgent>();
  readonly #agentsByNumber = new Map<number, LocalAgent>();
  readonly #deliveries = new Map<number, LocalDelivery>();
  /** Deliveries of sends that are not settled, by request. */
  readonly #calls = new Map<number, LocalDelivery>();
  /** Deliveries that wait until they are tried again. */
  readonly #postponed = new Map<LocalDelivery, Timer>();
  #lastActivation: number;
  #lastDelivery = 0;
  #lastId = 0;

  constructor(clock: Clock, downlink: Downlink, again: (frame: LocalFrame) => void) {
    this.#clock = clock;
    this.#downlink = downlink;
    this.#again = again;
    this.#lastActivation = clock.unixMs() * 1024;
  }

  /** Whether nothing is on its way to an agent. */
  get isQuiet(): boolean {
    return this.#deliveries.size === 0 && this.#postponed.size === 0;
  }

  /** Announces an agent type. */
  addType(name: string): void {
    this.#types.add(name);
  }

  /** Withdraws an agent type: its agents end as soon as they have nothing to do. */
  removeType(name: string): void {
    this.#types.delete(name);
    const numbers: number[] = [];
    for (const agent of this.#agents.values()) if (agent.id.type === name) numbers.push(agent.number);
    this.#again({ kind: "idle", activations: numbers });
  }

  /** Forgets everything. */
  close(): void {
    for (const timer of this.#postponed.values()) timer.cancel();
    this.#postponed.clear();
    this.#deliveries.clear();
    this.#calls.clear();
  }

  /** Takes the next frame. */
  route(frame: LocalFrame): void {
    switch (frame.kind) {
      case "send":
        return this.#send(frame);
      case "publish":
        return this.#publish(frame);
      case "turn-end":
        return this.#turnEnd(frame);
      case "done":
        return this.#end(this.#deliveries.get(frame.delivery), HANDLED);
      case "reply-chunk":
        return this.#chunk(frame);
      case "stream-credit":
        return this.#grant(frame);
      case "cancel":
        return this.#cancel(frame.request);
      case "idle":
        return this.#deactivate(frame.activations);
      case "release":
        return this.#release(frame.deliveries);
    }
  }

  #send(frame: SendFrame): void {
    const parent = this.#deliveries.get(frame.parent);
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const refusal = this.#refusal(frame, depth);
    if (refusal !== undefined) {
      this.#downlink.result({
        kind: "result",
        request: frame.request,
        ending: { kind: "failed", failure: refusal },
      });
      return;
    }
    const key = frame.target.key === "" ? ANY_KEY : frame.target.key;
    const agent = this.#agent(frame.target.type, key);
    if (parent === undefined && agent.inFlight >= DEFAULTS.mailboxMessages) {
      this.#settle(frame.request, { kind: "failed", failure: failure("MAILBOX_FULL") });
      return;
    }
    this.#deliver({ agent, frame, parent, depth, id: this.#nextId(), attempt: 1 });
  }

  #refusal(frame: SendFrame, depth: number): Failure | undefined {
    if (!this.#types.has(frame.target.type)) {
      const text = `no agent type ${frame.target.type} is registered with this runtime`;
      return failure("AGENT_TYPE_UNKNOWN", text);
    }
    if (frame.activation !== 0 && !this.#agentsByNumber.has(frame.activation)) {
      return failure("ACTIVATION_STALE");
    }
    return depth > DEFAULTS.chainDepth ? failure("CHAIN_TOO_DEEP") : undefined;
  }

  #publish(frame: PublishFrame): void {
    this.#downlink.accepted({ kind: "accepted", sequences: [frame.sequence] });
    const publisher = this.#agentsByNumber.get(frame.activation);
    const id = this.#nextId();
    const parent = this.#deliveries.get(frame.parent);
    const init = { frame, parent: undefined, depth: 0, id, attempt: 1 };
    const targets: EventTarget[] = [];
    for (const type of this.#subscribers(frame.topic.type)) {
      const agent = this.#agent(type, frame.topic.source);
      if (agent === publisher) continue;
      const delivery = this.#open({ agent, ...init });
      if (agent.inFlight > DEFAULTS.mailboxMessages) this.#park(delivery, failure("MAILBOX_FULL"));
      else targets.push(targetOf(delivery));
    }
    void parent;
    this.#ship(frame, id, targets);
  }
}
