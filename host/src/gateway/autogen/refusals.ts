/** How unary calls of AutoGen are refused. The first four texts are those that AutoGen's own tests look for. */
import { type Failure, GRPC_STATUS } from "@agentmesh/proto";
import { statusOf } from "../status.ts";

/** What grpc-js takes as the failed status of a call. */
export interface Refusal {
  /** Number of the gRPC status. */
  readonly code: number;
  readonly details: string;
}

export const CLIENT_ID_MISSING: Refusal = invalidArgument("client-id metadata not found.");
export const SUBSCRIPTION_EXISTS: Refusal = invalidArgument("Subscription already exists");
export const SUBSCRIPTION_UNKNOWN: Refusal = {
  code: GRPC_STATUS.NOT_FOUND,
  details: "Subscription does not exist",
};

/** The agent type is somebody else's. */
export function typeTaken(name: string): Refusal {
  return invalidArgument(
    `Agent type ${name} already registered by another worker. Start the host with --autogen-shared-types to let several own it.`,
  );
}

/** Something that the caller must put right. */
export function invalidArgument(details: string): Refusal {
  return { code: GRPC_STATUS.INVALID_ARGUMENT, details };
}

/** The failure of another part of the host. */
export function refusalOf(failure: Failure): Refusal {
  return statusOf(failure);
}
