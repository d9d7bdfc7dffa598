import type { DeliverFrame, EventFrame } from "@agentmesh/proto/wire";
import type { CallDelivery, EventDelivery } from "../delivery/delivery.ts";
import { reenteredRequest } from "../router/origin.ts";

/** A call as it is shipped. `now` is the host's clock. */
export function deliverFrame(call: CallDelivery, now: number): DeliverFrame {
  const { stream } = call;
  return {
    kind: "deliver",
    delivery: call.number,
    activation: call.activation,
    target: call.agent.id,
    content: call.content,
    sender: call.sender,
    // 0 would mean no deadline at all.
    timeoutMs: Math.max(1, Math.round(call.deadlineAt - now)),
    id: call.id,
    attempt: call.attempts,
    reenters: call.isNested ? reenteredRequest(call, call.agent) : 0,
    streamChunks: stream === undefined ? 0 : stream.chunks,
    streamBytes: stream === undefined ? 0 : stream.bytes,
  };
}

/** An event as it is shipped to agents of one worker. */
export function eventFrame(deliveries: readonly EventDelivery[]): EventFrame {
  const { event } = deliveries[0] as EventDelivery;
  return {
    kind: "event",
    id: event.id,
    topic: event.topic,
    content: event.content,
    sender: event.sender,
    targets: deliveries.map((delivery) => ({
      delivery: delivery.number,
      activation: delivery.activation,
      agent: delivery.agent.id,
      attempt: delivery.attempts,
      lane: delivery.ticket?.lane.number ?? 0,
      durable: delivery.ticket !== undefined,
      firstDeliveredUnixMs: delivery.firstShippedUnixMs ?? 0,
      redelivered: delivery.ticket?.mayRepeat ?? false,
    })),
    resent: event.resent,
    acceptedUnixMs: event.acceptedUnixMs,
  };
}
