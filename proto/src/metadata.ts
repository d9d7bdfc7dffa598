/** Names of gRPC metadata. */
export const METADATA = {
  /** `Bearer <token>`. */
  authorization: "authorization",
  /** Namespace of a unary call. */
  namespace: "agentmesh-namespace",
  /** `google.rpc.Status` with an agentmesh.v1.Error in its details. */
  statusDetails: "grpc-status-details-bin",
} as const;

/** Type URL of agentmesh.v1.Error within status details. */
export const ERROR_TYPE_URL = "type.googleapis.com/agentmesh.v1.Error";

/** Namespace of who names none. */
export const DEFAULT_NAMESPACE = "default";
