import { type Failure, failure, failureOf, meshError } from "@agentmesh/proto";
import type { Subscription } from "@agentmesh/proto/agentmesh/v1";
import { toErrorMessage, type WorkerControl } from "@agentmesh/proto/wire";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { DurableSubscriptions } from "../delivery/durable-subscriptions.ts";
import { declareDurable, isDurable } from "./durable-codec.ts";
import type { Registrations } from "./registrations.ts";
import type { Session } from "./session.ts";

interface Member {
  readonly session: Session;
  readonly registrations: Registrations;
}

/** Carries out a control frame of a worker. @throws MeshError when it breaks the protocol. */
export function takeControl(
  member: Member,
  frame: WorkerControl,
  parts: { readonly dispatcher: Dispatcher; readonly durable: DurableSubscriptions },
): void {
  const { session, registrations } = member;
  const { dispatcher } = parts;
  switch (frame.$case) {
    case "registerAgentType": {
      const { agentType, request } = frame.value;
      const missing = failure("INVALID_ARGUMENT", "the agent type is missing");
      return answer(
        session,
        request,
        agentType === undefined ? missing : registrations.register(agentType),
      );
    }
    case "unregisterAgentType":
      return answer(session, frame.value.request, registrations.unregister(frame.value.name));
    case "subscribe":
      return subscribe(member, frame.value, parts.durable);
    case "unsubscribe":
      return unsubscribe(member, frame.value, parts.durable);
    case "release":
      return dispatcher.release(session.worker, frame.value.deliveries);
    case "idle":
      return dispatcher.offerIdle(session.worker, frame.value.activations);
    case "capacity":
      session.worker.resize(frame.value.maxInFlight);
      return dispatcher.workerReady(session.worker);
    case "drain":
      return dispatcher.drainWorker(session.worker, () => {
        // A worker that is gone waits for no answer.
        if (session.phase !== "ended") answer(session, frame.value.request, undefined);
      });
    case "goodbye":
      return session.end(failure("CLOSED", "the worker said goodbye"));
    case "ping":
      return session.pong(frame.value.nonce);
    case "pong":
      return;
    default:
      throw meshError("PROTOCOL_VIOLATION", outOfPlace(frame));
  }
}

function outOfPlace(frame: WorkerControl): string {
  if (frame.$case === "loadState")
    return "LoadState needs the feature `state`, which Welcome did not name";
  return `${frame.$case} is out of place within a session`;
}

function subscribe(
  { session, registrations }: Member,
  { request, subscription }: { request: number; subscription: Subscription | undefined },
  durable: DurableSubscriptions,
): void {
  if (subscription === undefined) {
    answer(session, request, failure("INVALID_ARGUMENT", "the subscription is missing"));
  } else if (isDurable(subscription)) {
    const declared = declareDurable(durable, subscription, session.namespace.name);
    answerLater(session, request, declared);
  } else answer(session, request, registrations.subscribe(subscription));
}

function unsubscribe(
  { session, registrations }: Member,
  { request, id, durableName }: { request: number; id: string; durableName: string },
  durable: DurableSubscriptions,
): void {
  if (durableName === "") answer(session, request, registrations.unsubscribe(id));
  else answerLater(session, request, durable.end(session.namespace.name, durableName));
}

function answerLater(
  session: Session,
  request: number,
  outcome: Promise<Failure | undefined>,
): void {
  outcome.then(
    (refusal) => answer(session, request, refusal),
    (error: unknown) => answer(session, request, failureOf(error)),
  );
}

function answer(session: Session, request: number, refusal: Failure | undefined): void {
  if (session.phase === "ended") return;
  const error = refusal === undefined ? undefined : toErrorMessage(refusal);
  session.control({ $case: "answer", value: { request, error } });
}
