// Connect ---------------------------------------------------------------------------------------

export {
  type AdminCallOptions,
  type BackUpOptions,
  connectAdmin,
  type DrainWorkerOptions,
  type MeshAdmin,
  type ReplayOptions,
} from "./admin.ts";
export { connectClient, type MeshClient } from "./client.ts";
export type { DeadLetterFilter, Tail, TailFilter } from "./connection/admin-calls.ts";
export type {
  AgentInfo,
  AgentTypeInfo,
  DeadLetterInfo,
  DeadLetterWithContent,
  DurableSubscriptionInfo,
  FailureInfo,
  HandledMessageInfo,
  HostStatus,
  ReplayRefusal,
  ReplayResult,
  Sighting,
  SubscriptionInfo,
  WorkerInfo,
} from "./connection/admin-records.ts";
export type { ReplayTarget } from "./connection/store-calls.ts";
export type {
  ClientOptions,
  ConnectOptions,
  HostOptions,
  TlsOptions,
  WorkerOptions,
} from "./options.ts";
export type { DurableOptions } from "./runtime/durable-options.ts";
export {
  createLocalRuntime,
  type LocalRuntime,
  type LocalRuntimeOptions,
} from "./runtime/local/create-local-runtime.ts";
export type { LocalDeadLetter } from "./runtime/local/dead-letters.ts";
export type { WaitOptions } from "./runtime/patience.ts";
export type { SubscribeOptions } from "./runtime/registrations.ts";
export type { AgentRuntime, DrainOptions } from "./runtime/runtime.ts";
export type { SavedAgent, SavedState } from "./runtime/saved-state.ts";
export type { StateScope } from "./runtime/states.ts";
export type { RuntimeStatus } from "./runtime/status.ts";
export type { TurnOptions } from "./runtime/turn-options.ts";
export type { RuntimeCounters } from "./runtime/workplace.ts";
export { connectWorker, type Worker } from "./worker.ts";

// Define agents ---------------------------------------------------------------------------------

export type { AgentOptions } from "./agent/agent-options.ts";
export { type ClosureOptions, closureAgent } from "./agent/closure-agent.ts";
export type {
  AgentContext,
  Messenger,
  PublishOptions,
  SendOptions,
  StreamOptions,
} from "./agent/context.ts";
export { DEFAULT_TOPIC_TYPE, defaultTopic } from "./agent/default-topic.ts";
export { type DefineAgentOptions, defineAgent, type StateOptions } from "./agent/define-agent.ts";
export type { AgentDefinition, HandlerEntry, TopicPattern } from "./agent/definition.ts";
export type { Handler, On } from "./agent/handler.ts";
export type { LoadHook, SaveHook, StateCodec } from "./agent/state-codec.ts";
export type {
  RawHandler,
  RawMessage,
  ResolvedUnknown,
  UnknownPolicy,
} from "./agent/unknown-message.ts";

// Define messages -------------------------------------------------------------------------------

export {
  defineMessage,
  type MessageOptions,
  type ReplyOf,
  type ReplyOption,
  stream,
} from "./messages/define-message.ts";
export type { MessageSchema, SchemaOption } from "./messages/message-schema.ts";
export type {
  EncodedPayload,
  Message,
  MessageDefinition,
  MessageType,
  NoReply,
  OneReply,
  ReplyType,
  StreamReply,
} from "./messages/message-type.ts";
export type { JsonValue } from "./messages/plain-json.ts";
export type { Encoding, ProtobufType } from "./messages/protobuf-codec.ts";

// Intercept messages ----------------------------------------------------------------------------

export {
  carries,
  type Decision,
  type Dropped,
  drop,
  type Intercepted,
  type Interceptor,
  type OutgoingEvent,
  type OutgoingReply,
  type OutgoingSend,
  type ReceivedMessage,
  type Verdict,
} from "./runtime/interception/interceptor.ts";

// Name agents and topics ------------------------------------------------------------------------

export { AgentId, agentId, parseAgentId, parseTopicId, TopicId, topicId } from "@agentmesh/proto";
export { anyKey } from "./runtime/any-key.ts";

// Errors and time -------------------------------------------------------------------------------

export {
  AppError,
  type Clock,
  type ErrorCode,
  MeshError,
  type Outcome,
  type Timer,
} from "@agentmesh/proto";
