export {
  ERROR_TABLE,
  type ErrorCode,
  type ErrorEntry,
  errorCodeOf,
  GRPC_STATUS,
  type Outcome,
  type StatusName,
} from "./errors/error-table.ts";
export { type Failure, type FailureHints, failure } from "./errors/failure.ts";
export { AppError, failureOf, invalid, MeshError, meshError } from "./errors/mesh-error.ts";
export { handlerFailure } from "./errors/thrown.ts";
export {
  AgentId,
  agentId,
  checkAgentType,
  checkKey,
  isAgentType,
  isKey,
  parseAgentId,
  quote,
} from "./identity/agent-id.ts";
export {
  checkTopicType,
  isTopicType,
  parseTopicId,
  TopicId,
  topicId,
} from "./identity/topic-id.ts";
export { BOUNDS, DEFAULTS, LIMITS, PROTOCOL_VERSION } from "./limits.ts";
export { DEFAULT_NAMESPACE, ERROR_TYPE_URL, METADATA } from "./metadata.ts";
export { type Clock, systemClock, type Timer } from "./time/clock.ts";
export { Deadline, Deadlines, deadline } from "./time/deadlines.ts";
