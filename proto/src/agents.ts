/** The messages of AutoGen's protocol, as ts-proto generates them from the .proto files. */
export {
  AddSubscriptionRequest,
  AddSubscriptionResponse,
  AgentId as AutogenAgentId,
  ControlMessage,
  GetSubscriptionsRequest,
  GetSubscriptionsResponse,
  LoadStateRequest,
  LoadStateResponse,
  Message,
  Payload,
  RegisterAgentTypeRequest,
  RegisterAgentTypeResponse,
  RemoveSubscriptionRequest,
  RemoveSubscriptionResponse,
  RpcRequest,
  RpcResponse,
  SaveStateRequest,
  SaveStateResponse,
  Subscription as AutogenSubscription,
} from "../gen/agents/agent_worker.ts";
export { Any } from "../gen/google/protobuf/any.ts";
export {
  CloudEvent,
  CloudEvent_CloudEventAttributeValue as AttributeValue,
} from "../gen/io/cloudevents/v1/cloudevent.ts";
