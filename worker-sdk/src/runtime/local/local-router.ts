/**
 * Routes the frames of the local mesh: to which agent, and what becomes of it.
 *
 * R1. `#deliveries` holds exactly what was handed to an agent and is not answered, or waits to be tried again.
 * R2. A send is settled once; an event that failed becomes a dead letter.
 * R3. A nested send is limited in depth only, so that turns that wait for it can end.
 */
import { type Clock, DEFAULTS, type Failure, failure, LIMITS, type Timer } from "@agentmesh/proto";
import {
  DONE,
  decodeContent,
  type Ending,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type StreamCreditFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type { Downlink } from "../../connection/mesh-port.ts";
import { DeadLetters } from "./dead-letters.ts";
import { LocalAgents } from "./local-agents.ts";
import {
  depthOf,
  type LocalAgent,
  type LocalDelivery,
  type LocalMessage,
  reenteredRequest,
  targetOf,
} from "./local-delivery.ts";

/** What the local mesh carries. */
export type LocalFrame =
  | SendFrame
  | PublishFrame
  | TurnEndFrame
  | { readonly kind: "done"; readonly delivery: number }
  | ReplyChunkFrame
  | StreamCreditFrame
  | { readonly kind: "cancel"; readonly request: number }
  | { readonly kind: "idle"; readonly activations: readonly number[] }
  | { readonly kind: "release"; readonly deliveries: readonly number[] };

/** Why an event is given up that its handler wants later again and again. */
const TOO_OFTEN_LATER = failure(
  "HANDLER_FAILED",
  `its handler asked for it later, ${LIMITS.laterAttempts} attempts in all`,
);

/** Key of the agent that takes sends to any key. */
const ANY_KEY = "~local";

export class LocalRouter {
  readonly agents: LocalAgents;
  readonly deadLetters = new DeadLetters();
  readonly #clock: Clock;
  readonly #downlink: Downlink;
  readonly #deliveries = new Map<number, LocalDelivery>();
  /** Deliveries of sends that are not settled, by request. */
  readonly #calls = new Map<number, LocalDelivery>();
  /** Deliveries that wait until they are tried again. */
  readonly #postponed = new Map<LocalDelivery, Timer>();
  #lastDelivery = 0;
  #lastId = 0;

  constructor(clock: Clock, downlink: Downlink) {
    this.#clock = clock;
    this.#downlink = downlink;
    this.agents = new LocalAgents(clock.unixMs() * 1024);
  }

  /** Whether nothing is on its way to an agent. */
  get isQuiet(): boolean {
    return this.#deliveries.size === 0;
  }

  /** Forgets everything that is on its way. */
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
        return this.#end(this.#deliveries.get(frame.delivery), DONE);
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
    const refusal = this.#refusal(frame, parent);
    if (refusal !== undefined) {
      this.#settle(frame.request, { kind: "failed", failure: refusal });
      return;
    }
    const key = frame.target.key === "" ? ANY_KEY : frame.target.key;
    const agent = this.agents.activate(frame.target.type, key);
    if (parent === undefined && agent.inFlight >= DEFAULTS.mailboxMessages) {
      this.#settle(frame.request, { kind: "failed", failure: failure("MAILBOX_FULL") });
      return;
    }
    const delivery = this.#open(this.#message(frame, parent), agent, 1);
    this.#calls.set(frame.request, delivery);
    this.#shipSend(delivery, frame);
  }

  #refusal(frame: SendFrame, parent: LocalDelivery | undefined): Failure | undefined {
    const { type } = frame.target;
    if (!this.agents.types.has(type)) {
      return failure("AGENT_TYPE_UNKNOWN", `this runtime has no agent type ${type}`);
    }
    if (frame.activation !== 0 && this.agents.withNumber(frame.activation) === undefined) {
      return failure("ACTIVATION_STALE");
    }
    return depthOf(parent) > DEFAULTS.chainDepth ? failure("CHAIN_TOO_DEEP") : undefined;
  }

  #publish(frame: PublishFrame): void {
    this.#downlink.accepted({ kind: "accepted", sequences: [frame.sequence] });
    const publisher = this.agents.withNumber(frame.activation);
    const message = this.#message(frame, undefined);
    const deliveries: LocalDelivery[] = [];
    for (const type of this.agents.subscribers(frame.topic.type)) {
      const agent = this.agents.activate(type, frame.topic.source);
      if (agent === publisher) continue;
      if (agent.inFlight < DEFAULTS.mailboxMessages) deliveries.push(this.#open(message, agent, 1));
      else this.#park(message, agent, 0, failure("MAILBOX_FULL"));
    }
    if (deliveries.length > 0) this.#shipEvent(message, deliveries);
  }

  #message<Frame extends SendFrame | PublishFrame>(
    frame: Frame,
    parent: LocalDelivery | undefined,
  ): LocalMessage<Frame> {
    this.#lastId++;
    const sender = this.agents.withNumber(frame.activation)?.id;
    return { id: this.#lastId, frame, sender, parent };
  }

  #open(
    message: LocalMessage<SendFrame | PublishFrame>,
    agent: LocalAgent,
    attempt: number,
    openedUnixMs = this.#clock.unixMs(),
  ): LocalDelivery {
    this.#lastDelivery++;
    const { id, frame, sender, parent } = message;
    const number = this.#lastDelivery;
    const delivery = { number, agent, attempt, openedUnixMs, id, frame, sender, parent };
    this.#deliveries.set(delivery.number, delivery);
    agent.inFlight++;
    return delivery;
  }

  #shipSend(delivery: LocalDelivery, frame: SendFrame): void {
    const { agent, parent } = delivery;
    this.#downlink.deliver({
      kind: "deliver",
      delivery: delivery.number,
      activation: agent.number,
      target: agent.id,
      content: frame.content,
      sender: delivery.sender,
      timeoutMs: frame.timeoutMs,
      id: delivery.id,
      attempt: delivery.attempt,
      reenters: reenteredRequest(frame.request, parent, agent),
      streamChunks: frame.streamChunks,
      streamBytes: frame.streamBytes,
    });
  }

  #shipEvent(message: LocalMessage<PublishFrame>, deliveries: readonly LocalDelivery[]): void {
    this.#downlink.event({
      kind: "event",
      id: message.id,
      topic: message.frame.topic,
      content: message.frame.content,
      sender: message.sender,
      targets: deliveries.map(targetOf),
      resent: false,
      acceptedUnixMs: this.#clock.unixMs(),
    });
  }

  #turnEnd(frame: TurnEndFrame): void {
    const delivery = this.#deliveries.get(frame.delivery);
    if (delivery === undefined) return;
    const { ending } = frame;
    if (ending.kind !== "postponed") this.#end(delivery, ending);
    else if (!ending.counted) this.#postpone(delivery, ending.delayMs, delivery.attempt);
    else if (delivery.attempt < LIMITS.laterAttempts) {
      this.#postpone(delivery, ending.delayMs, delivery.attempt + 1);
    } else this.#end(delivery, { kind: "failed", failure: TOO_OFTEN_LATER });
  }

  #end(delivery: LocalDelivery | undefined, ending: Ending): void {
    if (delivery === undefined) return;
    const { agent, frame } = delivery;
    this.#close(delivery);
    const code = ending.kind === "failed" ? ending.failure.code : undefined;
    const abandoned = code === "TURN_ABANDONED";
    if (ending.kind === "failed" && (frame.kind === "publish" || abandoned)) {
      this.#park(delivery, agent, delivery.attempt, ending.failure);
    }
    if (frame.kind === "send") this.#settle(frame.request, ending);
    if (abandoned) this.agents.end(agent);
    else if (code === "ACTIVATION_FAILED" || !this.agents.types.has(agent.id.type)) {
      this.#deactivate([agent.number]);
    }
  }

  #close(delivery: LocalDelivery): void {
    this.#deliveries.delete(delivery.number);
    delivery.agent.inFlight--;
  }

  #settle(request: number, ending: Ending): void {
    this.#calls.delete(request);
    // Stacks are for dead letters, not for callers.
    const told: Ending =
      ending.kind === "failed"
        ? { kind: "failed", failure: { ...ending.failure, stack: "" } }
        : ending;
    this.#downlink.result({ kind: "result", request, ending: told });
  }

  #chunk(frame: ReplyChunkFrame): void {
    const delivery = this.#deliveries.get(frame.delivery);
    if (delivery?.frame.kind !== "send") return;
    const { request } = delivery.frame;
    this.#downlink.chunk({ kind: "chunk", request, content: frame.content });
  }

  #grant(frame: StreamCreditFrame): void {
    const delivery = this.#calls.get(frame.stream);
    if (delivery !== undefined) this.#downlink.streamCredit({ ...frame, stream: delivery.number });
  }

  #cancel(request: number): void {
    const delivery = this.#calls.get(request);
    if (delivery !== undefined) this.#downlink.cancelDelivery(delivery.number, "CANCELLED");
  }

  /** Ends the agents among these to which nothing is on its way. */
  #deactivate(numbers: readonly number[]): void {
    const ended: number[] = [];
    for (const number of numbers) {
      const agent = this.agents.withNumber(number);
      if (agent === undefined || agent.inFlight > 0) continue;
      this.agents.end(agent);
      ended.push(number);
    }
    if (ended.length > 0) this.#downlink.deactivate(ended);
  }

  /** Deliveries that were not started go to the agent's next presence. */
  #release(numbers: readonly number[]): void {
    for (const number of numbers) {
      const delivery = this.#deliveries.get(number);
      if (delivery !== undefined) this.#deliverAgain(delivery, delivery.attempt);
    }
  }

  #postpone(delivery: LocalDelivery, delayMs: number, attempt: number): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#postponed.delete(delivery);
      this.#deliverAgain(delivery, attempt);
    });
    this.#postponed.set(delivery, timer);
  }

  #deliverAgain(delivery: LocalDelivery, attempt: number): void {
    this.#close(delivery);
    const { id, frame, sender, parent } = delivery;
    const { type, key } = delivery.agent.id;
    const agent = this.agents.activate(type, key);
    const again = this.#open(delivery, agent, attempt, delivery.openedUnixMs);
    if (frame.kind === "publish") this.#shipEvent({ id, frame, sender, parent }, [again]);
    else {
      this.#calls.set(frame.request, again);
      this.#shipSend(again, frame);
    }
  }

  #park(
    message: LocalMessage<SendFrame | PublishFrame>,
    agent: LocalAgent,
    attempts: number,
    reason: Failure,
  ): void {
    const { id, frame, sender } = message;
    this.deadLetters.park({
      id,
      target: agent.id,
      sender,
      topic: frame.kind === "publish" ? frame.topic : undefined,
      messageType: decodeContent(frame.content).messageType,
      failure: reason,
      attempts,
    });
  }
}
