import type { Clock, Failure } from "@agentmesh/proto";
import { decodeContent } from "@agentmesh/proto/wire";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { Counters } from "../observability/counters.ts";
import type { DeadLetterStore } from "../store/ports.ts";
import type { Delivery, EventDelivery } from "./delivery.ts";
import type { DeadLetterOffice } from "./endings.ts";

/** Who is told what became of dead letters. */
export interface ParkingListener {
  parked(letter: DeadLetter): void;
  /** The store did not take it: the message is lost, but for this word. */
  notKept(letter: DeadLetter, error: unknown): void;
}

/** Parks deliveries, those of durable subscriptions too. */
export interface ParkingOffice extends DeadLetterOffice {
  /** Parks an event of a durable subscription. Rejects when the store refuses. */
  keep(delivery: EventDelivery, reason: Failure, subscription: string): Promise<void>;
}

/** Parks deliveries in the store as dead letters. */
export function deadLetterOffice(
  store: DeadLetterStore,
  clock: Clock,
  counters: Counters,
  listener: ParkingListener,
): ParkingOffice {
  return {
    async keep(delivery, reason, subscription) {
      const letter = { ...letterOf(delivery, reason, clock.unixMs()), subscription };
      await store.add(letter);
      counters.deadLetters++;
      listener.parked(letter);
    },
    park(delivery, reason) {
      const letter = letterOf(delivery, reason, clock.unixMs());
      counters.deadLetters++;
      listener.parked(letter);
      store.add(letter).catch((error: unknown) => listener.notKept(letter, error));
    },
  };
}

function letterOf(delivery: Delivery, reason: Failure, parkedUnixMs: number): DeadLetter {
  const event = delivery.kind === "event" ? delivery.event : undefined;
  const head = headOf(delivery.content);
  return {
    id: delivery.id,
    namespace: delivery.agent.namespace.name,
    target: delivery.agent.id,
    sender: delivery.sender,
    topic: event?.topic,
    failure: reason,
    attempts: delivery.attempts,
    crashes: delivery.crashes,
    firstDeliveredUnixMs: firstOf(delivery),
    lastDeliveredUnixMs: delivery.kind === "event" ? delivery.shippedUnixMs : 0,
    acceptedUnixMs: event?.acceptedUnixMs ?? parkedUnixMs,
    parkedUnixMs,
    subscription: "",
    messageType: head.messageType,
    payloadBytes: head.payloadBytes,
    content: Uint8Array.from(delivery.content),
  };
}

function firstOf(delivery: Delivery): number {
  if (delivery.kind === "call") return 0;
  return delivery.firstShippedUnixMs ?? (delivery.attempts > 1 ? 0 : delivery.shippedUnixMs);
}

/** What a person wants to know of a content. It may be anything: the host has not looked at it before. */
function headOf(content: Uint8Array): { messageType: string; payloadBytes: number } {
  try {
    const { messageType, data } = decodeContent(content);
    return { messageType, payloadBytes: data.length };
  } catch {
    // Not a Content at all. The letter still tells everything else, and keeps the bytes.
    return { messageType: "", payloadBytes: content.length };
  }
}
