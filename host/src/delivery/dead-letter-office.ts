import type { Clock, Failure } from "@agentmesh/proto";
import { decodeContent } from "@agentmesh/proto/wire";
import type { DeadLetter } from "../model/dead-letter.ts";
import type { Counters } from "../observability/counters.ts";
import type { DeadLetterStore } from "../store/dead-letter-store.ts";
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
  /**
   * Parks a letter again whose message has failed once more; nothing when it was removed meanwhile. Rejects when the
   * store refuses.
   */
  keepAgain(letter: DeadLetter, delivery: EventDelivery, reason: Failure): Promise<void>;
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
    async keepAgain(letter, delivery, reason) {
      const failed = failedAgain(letter, letterOf(delivery, reason, clock.unixMs()));
      if (!(await store.repark(failed))) return;
      counters.deadLetters++;
      listener.parked(failed);
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
    ...head,
    content: Uint8Array.from(delivery.content),
    replays: 0,
    replayTarget: undefined,
  };
}

/** The letter after another failure: what names it and says where it came from stays. */
function failedAgain(
  letter: DeadLetter,
  { failure, attempts, crashes, lastDeliveredUnixMs, parkedUnixMs }: DeadLetter,
): DeadLetter {
  return {
    ...letter,
    failure,
    attempts,
    crashes: letter.crashes + crashes,
    lastDeliveredUnixMs,
    parkedUnixMs,
    replays: letter.replays + 1,
    replayTarget: undefined,
  };
}

function firstOf(delivery: Delivery): number {
  if (delivery.kind === "call") return 0;
  return delivery.firstShippedUnixMs ?? (delivery.attempts > 1 ? 0 : delivery.shippedUnixMs);
}

/** What a person wants to know of a content. It may be anything: the host has not looked at it before. */
function headOf(content: Uint8Array): Pick<DeadLetter, "messageType" | "payloadBytes" | "traceId"> {
  try {
    const { messageType, data, traceparent } = decodeContent(content);
    return { messageType, payloadBytes: data.length, traceId: traceIdOf(traceparent) };
  } catch {
    // Not a Content at all. The letter still tells everything else, and keeps the bytes.
    return { messageType: "", payloadBytes: content.length, traceId: "" };
  }
}

/** The second part of a W3C `traceparent`; empty when it is none. */
function traceIdOf(traceparent: string): string {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] ?? "";
}
