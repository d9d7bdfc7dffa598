/** The messages of `agentmesh.v1` that travel rarely, as ts-proto generates them from the .proto files. */
export {
  ActiveAgent,
  DeadLetter,
  DrainHostRequest,
  DrainHostResponse,
  DrainWorkerRequest,
  DrainWorkerResponse,
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  GetStatusRequest,
  GetStatusResponse,
  KnownAgentType,
  ListAgentsRequest,
  ListAgentsResponse,
  ListAgentTypesRequest,
  ListAgentTypesResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  PurgeDeadLettersRequest,
  PurgeDeadLettersResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  TailKind,
  TailRequest,
  TailResponse,
  Worker,
  WorkerPhase,
} from "../gen/agentmesh/v1/admin.ts";
export {
  PublishRequest,
  PublishResponse,
  SendRequest,
  SendResponse,
  SendStreamRequest,
  SendStreamResponse,
} from "../gen/agentmesh/v1/client.ts";
export { Content as ContentMessage } from "../gen/agentmesh/v1/content.ts";
export {
  Activation,
  AgentType,
  DurableOptions,
  MessageSchema,
  Subscription,
} from "../gen/agentmesh/v1/directory.ts";
export { Error as ErrorMessage, ErrorCode as WireErrorCode } from "../gen/agentmesh/v1/error.ts";
export {
  ConnectRequest,
  ConnectResponse,
  Hello,
  HostFrame,
  Welcome,
  WorkerFrame,
} from "../gen/agentmesh/v1/gateway.ts";
export {
  AgentId as AgentIdMessage,
  TopicId as TopicIdMessage,
} from "../gen/agentmesh/v1/identity.ts";
