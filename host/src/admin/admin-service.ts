/** AdminService: what people and tools see of a running host, and how they steer it. */
import { type Failure, failure, failureOf, isAgentType, quote } from "@agentmesh/proto";
import type {
  BackUpRequest,
  DrainHostRequest,
  DrainWorkerRequest,
  EndDurableSubscriptionRequest,
  GetDeadLetterRequest,
  GetStatusRequest,
  ListAgentsRequest,
  ListAgentTypesRequest,
  ListDeadLettersRequest,
  ListDurableSubscriptionsRequest,
  ListSubscriptionsRequest,
  ListWorkersRequest,
  PurgeDeadLettersRequest,
  ReplayDeadLettersRequest,
  TailRequest,
  TailResponse,
} from "@agentmesh/proto/agentmesh/v1";
import {
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Namespace } from "../delivery/namespace.ts";
import type { StoredWork } from "../delivery/stored-work.ts";
import type { Tap } from "../delivery/tap.ts";
import { namespaceOf } from "../gateway/client-service.ts";
import { statusOf } from "../gateway/status.ts";
import type { Authenticator } from "../security/token.ts";
import { backUp } from "./backup.ts";
import { getDeadLetter, listDeadLetters, purgeDeadLetters } from "./dead-letter-desk.ts";
import { drainWorker } from "./drain.ts";
import { endDurableSubscription, listDurableSubscriptions } from "./durable-desk.ts";
import { hostStatus, type StatusParts } from "./host-status.ts";
import { listAgents, listAgentTypes, listSubscriptions, listWorkers } from "./lists.ts";
import { replayDeadLetters } from "./replay-desk.ts";
import { Tails } from "./tail/tails.ts";

export interface AdminParts extends StatusParts {
  readonly authenticator: Authenticator;
  readonly tap: Tap;
  readonly stored: StoredWork;
  /** The namespace of this name. */
  readonly namespace: (name: string) => Namespace;
  /** Begins to drain the host. Without a time its own option counts. */
  readonly drain: (graceMs: number | undefined) => void;
}

type TailCall = ServerWritableStream<TailRequest, TailResponse>;

export class AdminService {
  readonly #parts: AdminParts;
  readonly #startedAt: number;
  readonly #tails: Tails;

  constructor(parts: AdminParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#tails = new Tails(parts.clock, parts.tap);
  }

  /** What grpc-js calls. */
  get implementation(): UntypedServiceImplementation {
    const { workers, store, stored, isDraining } = this.#parts;
    const { deadLetters } = store;
    const { replays, durable } = stored;
    const letters = { store: deadLetters, replays, isDraining };
    return {
      GetStatus: this.#unary((_: GetStatusRequest) => hostStatus(this.#parts, this.#startedAt)),
      ListWorkers: this.#unary(async (request: ListWorkersRequest, namespace) =>
        listWorkers(workers(), namespace, request),
      ),
      ListAgents: this.#unary(async (request: ListAgentsRequest, namespace) =>
        listAgents(this.#parts.namespace(namespace), request),
      ),
      ListAgentTypes: this.#unary(async (request: ListAgentTypesRequest, namespace) =>
        listAgentTypes(this.#parts.namespace(namespace), request),
      ),
      ListSubscriptions: this.#unary(async (request: ListSubscriptionsRequest, namespace) =>
        listSubscriptions(workers(), namespace, request),
      ),
      ListDeadLetters: this.#unary((request: ListDeadLettersRequest, namespace) =>
        listDeadLetters(deadLetters, namespace, request),
      ),
      GetDeadLetter: this.#unary((request: GetDeadLetterRequest, namespace) =>
        getDeadLetter(deadLetters, namespace, request),
      ),
      PurgeDeadLetters: this.#unary((request: PurgeDeadLettersRequest, namespace) =>
        purgeDeadLetters(letters, namespace, request),
      ),
      ReplayDeadLetters: this.#unary((request: ReplayDeadLettersRequest, namespace) =>
        replayDeadLetters(letters, namespace, request),
      ),
      ListDurableSubscriptions: this.#unary((request: ListDurableSubscriptionsRequest, namespace) =>
        listDurableSubscriptions(store, this.#parts.namespace(namespace), request),
      ),
      EndDurableSubscription: this.#unary((request: EndDurableSubscriptionRequest, namespace) =>
        endDurableSubscription(durable, namespace, request),
      ),
      BackUp: this.#unary((request: BackUpRequest) => backUp(store, request)),
      DrainWorker: this.#unary((request: DrainWorkerRequest, namespace) =>
        drainWorker(this.#parts, namespace, request),
      ),
      DrainHost: this.#unary(async (request: DrainHostRequest) => this.#drainHost(request)),
      Tail: (call: TailCall) => this.#tail(call),
    };
  }

  /** Ends all tails, so that the server can shut down. */
  close(): void {
    this.#tails.close();
  }

  #unary<Request, Response>(handle: (request: Request, namespace: string) => Promise<Response>) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      const refusal = this.#refusal(call.metadata);
      if (refusal !== undefined) {
        callback(statusOf(refusal));
        return;
      }
      handle(call.request, namespaceOf(call.metadata)).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(failureOf(error))),
      );
    };
  }

  /** The drain begins in the next turn of the event loop: the answer leaves before the host does. */
  #drainHost({ graceMs }: DrainHostRequest): object {
    setImmediate(this.#parts.drain, graceMs === 0 ? undefined : graceMs);
    return {};
  }

  #tail(call: TailCall): void {
    // What a write to a dead stream meets is told by "cancelled".
    call.on("error", () => undefined);
    const refused = (reason: Failure) => void call.emit("error", statusOf(reason));
    const refusal = this.#refusal(call.metadata);
    if (refusal !== undefined) return refused(refusal);
    const sink = { write: (response: TailResponse) => call.write(response) };
    const tail = this.#tails.follow(namespaceOf(call.metadata), call.request, sink, () =>
      refused(failure("HOST_DRAINING", "the host has closed")),
    );
    if ("code" in tail) return refused(tail);
    call.on("drain", () => tail.drained());
    call.on("cancelled", () => tail.close());
    // The headers say that the tail has begun.
    call.sendMetadata(new Metadata());
  }

  #refusal(metadata: Metadata): Failure | undefined {
    const principal = this.#parts.authenticator.authenticate(metadata);
    if ("code" in principal) return principal;
    const namespace = namespaceOf(metadata);
    if (isAgentType(namespace)) return undefined;
    return failure("INVALID_ARGUMENT", `namespace ${quote(namespace)} breaks the grammar`);
  }
}
