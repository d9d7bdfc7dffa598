/**
 * agents.AgentRpc: AutoGen's protocol on the host's port. Its calls are joined by the `client-id` of their metadata; the
 * namespace is that of the metadata too, and `default` for the workers that know none.
 */
import { type Failure, failure, isAgentType, LIMITS, quote } from "@agentmesh/proto";
import {
  AddSubscriptionRequest,
  AddSubscriptionResponse,
  GetSubscriptionsResponse,
  Message,
  RegisterAgentTypeRequest,
  RegisterAgentTypeResponse,
  RemoveSubscriptionRequest,
  RemoveSubscriptionResponse,
} from "@agentmesh/proto/agents";
import type {
  Metadata,
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Logger } from "../../observability/logger.ts";
import type { Authenticator } from "../../security/token.ts";
import { namespaceOf } from "../client-service.ts";
import { unreadable } from "../violation.ts";
import { Channel, type ChannelParts, type RawChannel } from "./channel.ts";
import { AutogenClient } from "./client.ts";
import type { AutogenClients } from "./clients.ts";
import type { ControlChannels } from "./control-channels.ts";
import { failureOfThrown } from "./errors.ts";
import { readHead } from "./heads.ts";
import type { Inbound } from "./inbound.ts";
import { CLIENT_ID_MISSING, invalidArgument, type Refusal, refusalOf } from "./refusals.ts";

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/** What the host's reflection and health know the service by. */
export const AUTOGEN_SERVICE = "agents.AgentRpc";

const raw = (bytes: Buffer): Buffer => bytes;

function method(name: string, isStream: boolean) {
  return {
    path: `/${AUTOGEN_SERVICE}/${name}`,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
}

/** The service as grpc-js wants it. Messages stay bytes: a decoder that threw would end a call without a word. */
export const autogenServiceDefinition: ServiceDefinition = {
  OpenChannel: method("OpenChannel", true),
  OpenControlChannel: method("OpenControlChannel", true),
  RegisterAgent: method("RegisterAgent", false),
  AddSubscription: method("AddSubscription", false),
  RemoveSubscription: method("RemoveSubscription", false),
  GetSubscriptions: method("GetSubscriptions", false),
};

interface Parts extends ChannelParts {
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  readonly clients: AutogenClients;
  readonly inbound: Inbound;
  readonly control: ControlChannels;
}

/** A unary method: takes the request of a client, and answers with bytes or says why not. */
type Handler = (client: AutogenClient, request: Buffer) => Uint8Array | Refusal;

export class AutogenService {
  readonly #parts: Parts;
  #draining = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What grpc-js calls. */
  get implementation(): UntypedServiceImplementation {
    const { clients } = this.#parts;
    return {
      OpenChannel: (call: RawChannel) => this.#open(call, (client) => this.#converse(call, client)),
      OpenControlChannel: (call: RawChannel) =>
        this.#open(call, (client) => this.#parts.control.open(call, client)),
      RegisterAgent: this.#unary((client, request) => {
        const { type } = RegisterAgentTypeRequest.decode(request);
        const refusal = clients.registerType(client, type);
        return refusal ?? RegisterAgentTypeResponse.encode({}).finish();
      }),
      AddSubscription: this.#unary((client, request) => {
        const { subscription } = AddSubscriptionRequest.decode(request);
        const refusal = clients.addSubscription(client, subscription);
        return refusal ?? AddSubscriptionResponse.encode({}).finish();
      }),
      RemoveSubscription: this.#unary((client, request) => {
        const { id } = RemoveSubscriptionRequest.decode(request);
        const refusal = clients.removeSubscription(client, id);
        return refusal ?? RemoveSubscriptionResponse.encode({}).finish();
      }),
      GetSubscriptions: this.#unary(({ namespace }) => {
        const subscriptions = clients.subscriptions(namespace);
        return GetSubscriptionsResponse.encode({ subscriptions }).finish();
      }),
    };
  }

  /** Takes no new channels. */
  drain(): void {
    this.#draining = true;
  }

  #unary(handle: Handler) {
    return (call: UnaryCall, callback: sendUnaryData<Buffer>): void => {
      const client = this.#admit(call.metadata);
      const answer = client instanceof AutogenClient ? this.#attempt(handle, client, call) : client;
      if (answer instanceof Uint8Array) callback(null, Buffer.from(answer));
      else callback(answer);
    };
  }

  #attempt(handle: Handler, client: AutogenClient, call: UnaryCall): Uint8Array | Refusal {
    try {
      return handle(client, call.request);
    } catch (error) {
      return refusalOf(failureOfThrown(unreadable(error), this.#parts.logger));
    }
  }

  #open(call: RawChannel, start: (client: AutogenClient) => void): void {
    const client = this.#draining
      ? refusalOf(failure("HOST_DRAINING"))
      : this.#admit(call.metadata);
    if (client instanceof AutogenClient) {
      start(client);
      return;
    }
    call.on("error", ignore);
    call.emit("error", client);
  }

  #converse(call: RawChannel, client: AutogenClient): void {
    const channel = new Channel(call, this.#parts, (own) => ({
      onMessage: (bytes) => this.#take(client, bytes),
      onTooLong: (head, bytes) => this.#parts.inbound.refuse(client, readHead(head), bytes),
      onDrain: () => client.drained(own),
      onHalfClosed: () => client.halfClosed(own),
      onLost: (reason) => client.lost(own, reason),
    }));
    client.attach(channel);
    channel.listen();
  }

  /** A message of a client. What breaks the protocol ends the stream that sent it, and nothing else. */
  #take(client: AutogenClient, bytes: Buffer): void {
    try {
      this.#parts.inbound.take(client, read(bytes));
    } catch (error) {
      client.fail(failureOfThrown(error, this.#parts.logger));
    }
  }

  #admit(metadata: Metadata): AutogenClient | Refusal {
    const principal = this.#parts.authenticator.authenticate(metadata);
    if ("code" in principal) return refusalOf(principal);
    const [id] = metadata.get("client-id").map(String);
    if (id === undefined || id === "") return CLIENT_ID_MISSING;
    if (Buffer.byteLength(id) > LIMITS.autogenClientIdBytes)
      return invalidArgument(`client-id has more than ${LIMITS.autogenClientIdBytes} bytes.`);
    const namespace = namespaceOf(metadata);
    if (!isAgentType(namespace))
      return invalidArgument(`namespace ${quote(namespace)} breaks the grammar`);
    const client: AutogenClient | Failure = this.#parts.clients.client(id, namespace);
    return client instanceof AutogenClient ? client : refusalOf(client);
  }
}

function read(bytes: Buffer): Message {
  try {
    return Message.decode(bytes);
  } catch (error) {
    throw unreadable(error);
  }
}

function ignore(): void {
  // What a write to a dead stream meets is told by "cancelled".
}
