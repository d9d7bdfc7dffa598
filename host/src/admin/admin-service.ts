/** AdminService: what people and tools see of a running host. Lists are cut into pages. */

import {
  AgentId,
  type Clock,
  type Failure,
  failure,
  failureOf,
  isAgentType,
  MeshError,
  quote,
} from "@agentmesh/proto";
import {
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  GetStatusRequest,
  GetStatusResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListWorkersRequest,
  ListWorkersResponse,
} from "@agentmesh/proto/agentmesh/v1";
import type {
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Namespace } from "../delivery/namespace.ts";
import { namespaceOf } from "../gateway/client-service.ts";
import type { Member, Sessions } from "../gateway/sessions.ts";
import { statusOf } from "../gateway/status.ts";
import { type Counters, snapshot } from "../observability/counters.ts";
import type { Authenticator } from "../security/token.ts";
import type { DeadLetterStore } from "../store/ports.ts";
import { deadLetterMessage, filterOf } from "./dead-letter-codec.ts";
import { workerMessage } from "./worker-codec.ts";

export interface AdminParts {
  readonly clock: Clock;
  readonly hostId: string;
  readonly hostVersion: string;
  readonly sessions: Sessions;
  readonly dispatcher: Dispatcher;
  readonly deadLetters: DeadLetterStore;
  readonly counters: Counters;
  readonly authenticator: Authenticator;
  readonly namespaces: () => Iterable<Namespace>;
  readonly isDraining: () => boolean;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

interface MessageCodec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

function method<Request, Response>(
  name: string,
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
) {
  return {
    path: `/agentmesh.v1.AdminService/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Request) => Buffer.from(request.encode(message).finish()),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (message: Response) => Buffer.from(response.encode(message).finish()),
    responseDeserialize: (bytes: Buffer) => response.decode(bytes),
  };
}

/** The part of the service that this host offers; gRPC answers UNIMPLEMENTED to the rest. */
export const adminServiceDefinition: ServiceDefinition = {
  GetStatus: method("GetStatus", GetStatusRequest, GetStatusResponse),
  ListWorkers: method("ListWorkers", ListWorkersRequest, ListWorkersResponse),
  ListDeadLetters: method("ListDeadLetters", ListDeadLettersRequest, ListDeadLettersResponse),
  GetDeadLetter: method("GetDeadLetter", GetDeadLetterRequest, GetDeadLetterResponse),
};

export class AdminService {
  readonly #parts: AdminParts;
  readonly #startedAt: number;

  constructor(parts: AdminParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** What grpc-js calls. */
  get implementation(): UntypedServiceImplementation {
    return {
      GetStatus: this.#unary(async () => this.#status()),
      ListWorkers: this.#unary(async (request: ListWorkersRequest, namespace) =>
        this.#workers(request, namespace),
      ),
      ListDeadLetters: this.#unary((request: ListDeadLettersRequest, namespace) =>
        this.#list(request, namespace),
      ),
      GetDeadLetter: this.#unary((request: GetDeadLetterRequest, namespace) =>
        this.#get(request, namespace),
      ),
    };
  }

  #unary<Request, Response>(handle: (request: Request, namespace: string) => Promise<Response>) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      const refusal = this.#refusal(call);
      if (refusal !== undefined) {
        callback(statusOf(refusal));
        return;
      }
      handle(call.request, namespaceOf(call.metadata)).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(refusalOf(error))),
      );
    };
  }

  #refusal(call: ServerUnaryCall<unknown, unknown>): Failure | undefined {
    const principal = this.#parts.authenticator.authenticate(call.metadata);
    if ("code" in principal) return principal;
    const namespace = namespaceOf(call.metadata);
    if (isAgentType(namespace)) return undefined;
    return failure("INVALID_ARGUMENT", `namespace ${quote(namespace)} breaks the grammar`);
  }

  #status(): GetStatusResponse {
    const { clock, counters, dispatcher, deadLetters, sessions } = this.#parts;
    const members = [...sessions.all()];
    let subscriptions = 0;
    for (const namespace of this.#parts.namespaces()) subscriptions += namespace.subscriptions.size;
    return {
      hostId: this.#parts.hostId,
      hostVersion: this.#parts.hostVersion,
      uptimeMs: Math.floor(clock.now() - this.#startedAt),
      draining: this.#parts.isDraining(),
      workersConnected: members.filter(({ session }) => session.phase === "open").length,
      workersSuspended: members.filter(({ session }) => session.phase !== "open").length,
      agentsActive: dispatcher.activeAgents,
      subscriptions,
      inFlight: members.reduce((sum, { session }) => sum + session.worker.inFlight.size, 0),
      queued: dispatcher.queued,
      deadLetters: deadLetters.size,
      counters: Object.fromEntries(snapshot(counters)),
    };
  }

  /** Sessions are few enough to be sorted for each page; the cursor is the id of the last one shown. */
  #workers(request: ListWorkersRequest, namespace: string): ListWorkersResponse {
    const limit = limitOf(request.limit);
    const mine = [...this.#parts.sessions.all()]
      .filter(
        (member) => member.session.namespace.name === namespace && idOf(member) > request.cursor,
      )
      .sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
    const page = mine.slice(0, limit);
    const last = page.at(-1);
    return {
      workers: page.map(workerMessage),
      nextCursor: mine.length > limit && last !== undefined ? idOf(last) : "",
    };
  }

  async #list(
    request: ListDeadLettersRequest,
    namespace: string,
  ): Promise<ListDeadLettersResponse> {
    const page = await this.#parts.deadLetters.list({
      namespace,
      filter: filterOf(request.filter),
      cursor: request.cursor,
      limit: limitOf(request.limit),
    });
    return {
      deadLetters: page.letters.map((letter) => deadLetterMessage(letter, false)),
      nextCursor: page.nextCursor,
    };
  }

  async #get(request: GetDeadLetterRequest, namespace: string): Promise<GetDeadLetterResponse> {
    const { id, target } = request;
    const key = { namespace, id };
    const letter = await this.#parts.deadLetters.get(
      target === undefined ? key : { ...key, target: idFrom(target) },
    );
    if (letter === undefined)
      throw new MeshError(failure("NOT_FOUND", `there is no dead letter ${id}`));
    return { deadLetter: deadLetterMessage(letter, true) };
  }
}

function idOf(member: Member): string {
  return member.session.identity.sessionId;
}

function idFrom(target: { type: string; key: string }): AgentId {
  return new AgentId(target.type, target.key);
}

function limitOf(limit: number): number {
  return limit === 0 ? DEFAULT_LIMIT : Math.min(limit, MAX_LIMIT);
}

function refusalOf(error: unknown): Failure {
  if (error instanceof MeshError)
    return failure(error.code, error.message.slice(error.code.length + 2));
  return failure("INTERNAL", failureOf(error).text);
}
