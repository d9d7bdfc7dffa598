/**
 * What the mesh delivers to one client of AutoGen.
 *
 * 1. A delivery of an event is done when it is written: these workers acknowledge nothing. One event is written once,
 *    whatever the number of its deliveries.
 * 2. A call ends by the response with its id, or by any other ending of it; then nobody listens to the response.
 * 3. Whoever ships looks at a delivery until it returns, so that what the host ends itself lands after that.
 */
import { type AgentId, errorCodeOf, type Failure, failure } from "@agentmesh/proto";
import type { Any, CloudEvent, RpcResponse } from "@agentmesh/proto/agents";
import { DONE, decodeContent, type Ending } from "@agentmesh/proto/wire";
import type { CallDelivery, Delivery, EventDelivery } from "../../delivery/delivery.ts";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import { Worker } from "../../delivery/worker.ts";
import type { MeshEvent } from "../../model/event.ts";
import type { Router } from "../../router/router.ts";
import type { SessionSink, WorkerSession } from "../worker-session.ts";
import { failureOf } from "./errors.ts";
import { writeEvent } from "./event-codec.ts";
import { typeUrlOf } from "./media.ts";
import { NO_EVENTS, type Outbox } from "./outbox.ts";
import { readReply, writeRequest } from "./payload-codec.ts";
import { Residents } from "./residents.ts";
import { answerTo, endingOf } from "./state-questions.ts";

/** How a delivery ends that the host ends itself. */
interface Landing {
  readonly delivery: Delivery;
  readonly ending: Ending;
}

/** Asks the client about the state of one of its agents. @returns why it cannot be asked. */
export type AskState = (
  agent: AgentId,
  question: Any,
  answer: (answer: Any) => void,
) => string | undefined;

interface Parts {
  readonly session: WorkerSession;
  /** Deliveries in flight at most. */
  readonly maxInFlight: number;
  readonly outbox: Outbox;
  readonly askState: AskState;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
}

export class Deliveries implements SessionSink {
  readonly session: WorkerSession;
  readonly worker: Worker;
  readonly residents: Residents;
  /** Why the client can answer no request; undefined when it can. */
  muteness: Failure | undefined = undefined;
  readonly #parts: Parts;
  readonly #written = new WeakSet<MeshEvent>();
  /** Events that wait to be written, with all deliveries that are done by it. */
  readonly #waiting = new Map<MeshEvent, EventDelivery[]>();
  #landing: Landing[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.session = parts.session;
    const { namespace, identity } = this.session;
    this.worker = new Worker(identity.instanceId, namespace, parts.maxInFlight, this);
    this.residents = new Residents(this.worker, parts.dispatcher);
  }

  get isFull(): boolean {
    return this.#parts.outbox.isFull;
  }

  /** From now on the client can answer no request. */
  mute(reason: Failure): void {
    this.muteness = reason;
    for (const delivery of this.worker.inFlight.values())
      if (delivery.kind === "call") this.#fail(delivery, reason);
  }

  /** The client is lost, with its agents. */
  lose(reason: Failure): void {
    this.residents.clear();
    this.#waiting.clear();
    this.muteness = undefined;
    const text = `AutoGen client ${this.session.identity.sessionId} was lost: ${reason.text}`;
    this.#parts.dispatcher.workerLost(this.worker, failure("WORKER_LOST", text));
  }

  /** The client has answered a request. One that nobody waits for any more, or never did, is passed over. */
  respond(response: RpcResponse): void {
    const call = this.#callOf(response.requestId);
    if (call === undefined) return;
    const { payload, error, metadata } = response;
    if (error !== "" || payload === undefined) {
      this.#endTurn(call, { kind: "failed", failure: failureOf(response) });
      return;
    }
    this.#endCall(call, { kind: "reply", content: readReply(payload, metadata) });
  }

  /** The client has answered a request with more than the host takes. */
  refuseResponse(requestId: string, text: string): void {
    const call = this.#callOf(requestId);
    if (call === undefined) return;
    const reason = failure("PAYLOAD_TOO_LARGE", `the answer has ${text}`, { outcome: "executed" });
    this.#endTurn(call, { kind: "failed", failure: reason });
  }

  /** Writes an event that is no delivery; not one that the client could not take. */
  write(event: CloudEvent): void {
    this.#parts.outbox.send({ $case: "cloudEvent", value: event }, NO_EVENTS);
  }

  /** An event has been written, which ends its deliveries. */
  wrote(deliveries: readonly EventDelivery[]): void {
    const [first] = deliveries;
    if (first === undefined) return;
    this.#waiting.delete(first.event);
    this.#written.add(first.event);
    for (const delivery of deliveries) this.#land(delivery, DONE);
  }

  deliver(call: CallDelivery): void {
    this.residents.touch(call.agent.activation);
    if (this.muteness !== undefined) {
      this.#fail(call, this.muteness);
      return;
    }
    const request = writeRequest(call.agent.id, call.sender, call.content);
    if (answerTo(request.payload?.dataType ?? "") !== undefined) {
      this.#askState(call);
      return;
    }
    const value = { requestId: `${call.number}.${call.id}`, ...request };
    const refusal = this.#parts.outbox.send({ $case: "request", value }, NO_EVENTS);
    if (refusal !== undefined) this.#fail(call, refusal);
  }

  deliverEvent(deliveries: readonly EventDelivery[]): void {
    for (const { agent } of deliveries) this.residents.touch(agent.activation);
    const [first] = deliveries;
    if (first === undefined) return;
    const { event } = first;
    if (this.#written.has(event)) this.wrote(deliveries);
    else this.#writeOnce(event, deliveries);
  }

  cancelDelivery(number: number, reason: number): void {
    // The worker cannot be told. It is over for the host; what the worker answers is late.
    const delivery = this.worker.inFlight.get(number);
    if (delivery !== undefined) this.#fail(delivery, failure(errorCodeOf(reason)));
  }

  grantStream(): void {
    // A stream of one reply needs no credit.
  }

  deactivate(): void {
    // These workers keep their agents.
  }

  #writeOnce(event: MeshEvent, deliveries: readonly EventDelivery[]): void {
    const waiting = this.#waiting.get(event);
    if (waiting !== undefined) {
      waiting.push(...deliveries);
      return;
    }
    const together = [...deliveries];
    this.#waiting.set(event, together);
    const message = { $case: "cloudEvent", value: writeEvent(event) } as const;
    const refusal = this.#parts.outbox.send(message, together);
    if (refusal === undefined) return;
    this.#waiting.delete(event);
    for (const delivery of together) this.#fail(delivery, refusal);
  }

  /** Questions about state are asked on the control channel: on the other one, nobody would know them. */
  #askState(call: CallDelivery): void {
    const { messageType, data } = decodeContent(call.content);
    const question = { typeUrl: typeUrlOf(messageType), value: Buffer.from(data) };
    const answer = (answer: Any): void => {
      if (this.worker.inFlight.get(call.number) === call) this.#endCall(call, endingOf(answer));
    };
    const reason = this.#parts.askState(call.agent.id, question, answer);
    if (reason !== undefined) this.#fail(call, failure("UNIMPLEMENTED", reason));
  }

  #callOf(requestId: string): CallDelivery | undefined {
    const [number = "", id = ""] = requestId.split(".");
    const delivery = this.worker.inFlight.get(Number(number));
    return delivery?.kind === "call" && String(delivery.id) === id ? delivery : undefined;
  }

  /** Where a stream of replies is awaited, the reply is the only one of it. */
  #endCall(call: CallDelivery, ending: Ending): void {
    if (ending.kind !== "reply" || call.stream === undefined) {
      this.#endTurn(call, ending);
      return;
    }
    const { number: delivery, activation } = call;
    const { content } = ending;
    this.#parts.router.replyChunk(this.worker, {
      kind: "reply-chunk",
      delivery,
      activation,
      content,
    });
    this.#endTurn(call, DONE);
  }

  #fail(delivery: Delivery, reason: Failure): void {
    this.#land(delivery, { kind: "failed", failure: reason });
  }

  #land(delivery: Delivery, ending: Ending): void {
    this.#landing.push({ delivery, ending });
    if (this.#landing.length === 1) queueMicrotask(() => this.#landAll());
  }

  #landAll(): void {
    const landing = this.#landing;
    this.#landing = [];
    for (const { delivery, ending } of landing) {
      if (this.worker.inFlight.get(delivery.number) === delivery) this.#endTurn(delivery, ending);
    }
  }

  #endTurn({ number: delivery, activation }: Delivery, ending: Ending): void {
    // Only a turn that publishes ends later.
    void this.#parts.router.turnEnd(this.worker, this.session.namespace, {
      kind: "turn-end",
      delivery,
      activation,
      ending,
      permanent: false,
      publishes: [],
      state: false,
    });
  }
}
