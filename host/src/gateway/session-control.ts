import { type Failure, failure, meshError } from "@agentmesh/proto";
import { toErrorMessage, type WorkerControl } from "@agentmesh/proto/wire";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Registrations } from "./registrations.ts";
import type { Session } from "./session.ts";

/** Carries out a control frame of a worker. @throws MeshError when it breaks the protocol. */
export function takeControl(
  member: { readonly session: Session; readonly registrations: Registrations },
  frame: WorkerControl,
  dispatcher: Dispatcher,
): void {
  const { session, registrations } = member;
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
    case "subscribe": {
      const { subscription, request } = frame.value;
      const missing = failure("INVALID_ARGUMENT", "the subscription is missing");
      return answer(
        session,
        request,
        subscription === undefined ? missing : registrations.subscribe(subscription),
      );
    }
    case "unsubscribe":
      return answer(session, frame.value.request, unsubscribe(registrations, frame.value));
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

function unsubscribe(
  registrations: Registrations,
  request: { id: string; durableName: string },
): Failure | undefined {
  if (request.durableName !== "")
    return failure("SUBSCRIPTION_UNKNOWN", "this host has no durable subscriptions");
  return registrations.unsubscribe(request.id);
}

function answer(session: Session, request: number, refusal: Failure | undefined): void {
  const error = refusal === undefined ? undefined : toErrorMessage(refusal);
  session.control({ $case: "answer", value: { request, error } });
}
