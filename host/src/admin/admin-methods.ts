import {
  BackUpRequest,
  BackUpResponse,
  DrainHostRequest,
  DrainHostResponse,
  DrainWorkerRequest,
  DrainWorkerResponse,
  EndDurableSubscriptionRequest,
  EndDurableSubscriptionResponse,
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  GetStatusRequest,
  GetStatusResponse,
  ListAgentsRequest,
  ListAgentsResponse,
  ListAgentTypesRequest,
  ListAgentTypesResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListDurableSubscriptionsRequest,
  ListDurableSubscriptionsResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  PurgeDeadLettersRequest,
  PurgeDeadLettersResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  TailRequest,
  TailResponse,
} from "@agentmesh/proto/agentmesh/v1";
import type { ServiceDefinition } from "@grpc/grpc-js";

interface MessageCodec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

function method<Request, Response>(
  name: string,
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
  responseStream = false,
) {
  return {
    path: `/agentmesh.v1.AdminService/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (message: Request) => Buffer.from(request.encode(message).finish()),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (message: Response) => Buffer.from(response.encode(message).finish()),
    responseDeserialize: (bytes: Buffer) => response.decode(bytes),
  };
}

/** AdminService. */
export const adminServiceDefinition: ServiceDefinition = {
  GetStatus: method("GetStatus", GetStatusRequest, GetStatusResponse),
  ListWorkers: method("ListWorkers", ListWorkersRequest, ListWorkersResponse),
  ListAgents: method("ListAgents", ListAgentsRequest, ListAgentsResponse),
  ListAgentTypes: method("ListAgentTypes", ListAgentTypesRequest, ListAgentTypesResponse),
  ListSubscriptions: method(
    "ListSubscriptions",
    ListSubscriptionsRequest,
    ListSubscriptionsResponse,
  ),
  ListDeadLetters: method("ListDeadLetters", ListDeadLettersRequest, ListDeadLettersResponse),
  GetDeadLetter: method("GetDeadLetter", GetDeadLetterRequest, GetDeadLetterResponse),
  ReplayDeadLetters: method(
    "ReplayDeadLetters",
    ReplayDeadLettersRequest,
    ReplayDeadLettersResponse,
  ),
  PurgeDeadLetters: method("PurgeDeadLetters", PurgeDeadLettersRequest, PurgeDeadLettersResponse),
  ListDurableSubscriptions: method(
    "ListDurableSubscriptions",
    ListDurableSubscriptionsRequest,
    ListDurableSubscriptionsResponse,
  ),
  EndDurableSubscription: method(
    "EndDurableSubscription",
    EndDurableSubscriptionRequest,
    EndDurableSubscriptionResponse,
  ),
  BackUp: method("BackUp", BackUpRequest, BackUpResponse),
  DrainWorker: method("DrainWorker", DrainWorkerRequest, DrainWorkerResponse),
  DrainHost: method("DrainHost", DrainHostRequest, DrainHostResponse),
  Tail: method("Tail", TailRequest, TailResponse, true),
};
