/**
 * What is on its way between one runtime and its mesh: frames name it by numbers, and this knows what they mean.
 *
 * Y1. A request is known until it is settled for the runtime, a delivery until its turn has ended or it is given back,
 *     an event that was published until the mesh has answered.
 */
import type { AgentId, TopicId } from "@agentmesh/proto";
import {
  type ContentBytes,
  type DeliverFrame,
  decodeContent,
  type EventFrame,
  type SendFrame,
} from "@agentmesh/proto/wire";

/** A message, by who it goes between. */
export interface Message {
  readonly content: ContentBytes;
  readonly from: AgentId | undefined;
  readonly to: AgentId;
  /** Undefined for a send. */
  readonly topic: TopicId | undefined;
}

/** A message that has come to its agent. */
export interface Arrival extends Message {
  readonly delivery: number;
  readonly activation: number;
  readonly attempt: number;
}

export class Traffic {
  readonly requests = new Map<number, Message>();
  readonly deliveries = new Map<number, Arrival>();
  /** Sequences of events that the mesh has not answered. */
  readonly publishes = new Set<number>();
  /** Agents by the numbers of their activations. */
  readonly #agents = new Map<number, AgentId>();

  /** Whether nothing is on its way. */
  get isQuiet(): boolean {
    return this.requests.size + this.deliveries.size + this.publishes.size === 0;
  }

  /** What is on its way, for people. */
  messages(): string[] {
    const messages = [...this.requests.values(), ...this.deliveries.values()];
    return messages.map(({ content, from, to }) => {
      return `${decodeContent(content).messageType} ${from?.text ?? "outside"} → ${to.text}`;
    });
  }

  /** The agent with an activation; undefined for 0, which is outside of any agent. */
  agent(activation: number): AgentId | undefined {
    return this.#agents.get(activation);
  }

  /** A send leaves. */
  sent(frame: SendFrame): Message {
    const { content, target: to, activation } = frame;
    const message = { content, from: this.agent(activation), to, topic: undefined };
    this.requests.set(frame.request, message);
    return message;
  }

  /** A message has come to its agents. */
  arrived(frame: DeliverFrame | EventFrame): readonly Arrival[] {
    const arrivals = arrivalsOf(frame);
    for (const arrival of arrivals) {
      this.#agents.set(arrival.activation, arrival.to);
      this.deliveries.set(arrival.delivery, arrival);
    }
    return arrivals;
  }

  /** A send is settled. @returns what it was, when it is the first time. */
  settled(request: number): Message | undefined {
    return take(this.requests, request);
  }

  /** A delivery is over. @returns what it was, when it is the first time. */
  ended(delivery: number): Arrival | undefined {
    return take(this.deliveries, delivery);
  }
}

/** The messages in a frame, one for each agent. */
export function arrivalsOf(frame: DeliverFrame | EventFrame): Arrival[] {
  const { content, sender: from } = frame;
  if (frame.kind === "deliver") {
    const { delivery, activation, attempt, target: to } = frame;
    return [{ content, from, to, topic: undefined, delivery, activation, attempt }];
  }
  const { topic } = frame;
  return frame.targets.map(({ delivery, activation, attempt, agent: to }) => {
    return { content, from, to, topic, delivery, activation, attempt };
  });
}

function take<Value>(map: Map<number, Value>, key: number): Value | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
