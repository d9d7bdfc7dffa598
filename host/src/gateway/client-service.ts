/**
 * ClientService: unary calls and server streams over the same router as the workers' sends. Each call is a caller of
 * its own with one request; the gRPC deadline is the deadline of the send, and a cancelled call cancels it.
 */

import {
  DEFAULT_NAMESPACE,
  DEFAULTS,
  type Failure,
  failure,
  failureOf,
  isAgentType,
  METADATA,
  quote,
} from "@agentmesh/proto";
import type { ContentBytes, Ending, SendFrame } from "@agentmesh/proto/wire";
import type {
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Namespace } from "../delivery/namespace.ts";
import { Caller, type CallerSink } from "../router/caller.ts";
import type { Router } from "../router/router.ts";
import type { Authenticator } from "../security/token.ts";
import {
  type ClientPublish,
  type ClientSend,
  type Decoded,
  readClientPublish,
  readClientSend,
  writeClientAccepted,
  writeClientReply,
} from "./client-codec.ts";
import { statusOf } from "./status.ts";

type SendCall = ServerUnaryCall<Decoded<ClientSend>, Buffer>;
type StreamCall = ServerWritableStream<Decoded<ClientSend>, Buffer>;
type PublishCall = ServerUnaryCall<Decoded<ClientPublish>, Buffer>;

const REQUEST = 1;

const raw = (bytes: Buffer): Buffer => bytes;

function method<Message>(
  name: string,
  responseStream: boolean,
  requestDeserialize: (bytes: Buffer) => Message,
) {
  return {
    path: `/agentmesh.v1.ClientService/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: raw,
    requestDeserialize,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
}

/** The service as grpc-js wants it. */
export const clientServiceDefinition: ServiceDefinition = {
  Send: method("Send", false, readClientSend),
  SendStream: method("SendStream", true, readClientSend),
  Publish: method("Publish", false, readClientPublish),
};

interface Parts {
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly namespace: (name: string) => Namespace;
}

export class ClientService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What grpc-js calls. */
  get implementation(): UntypedServiceImplementation {
    return {
      Send: (call: SendCall, callback: sendUnaryData<Buffer>) => this.#send(call, callback),
      SendStream: (call: StreamCall) => this.#sendStream(call),
      Publish: (call: PublishCall, callback: sendUnaryData<Buffer>) =>
        this.#publish(call, callback),
    };
  }

  #send(call: SendCall, callback: sendUnaryData<Buffer>): void {
    const admitted = this.#admit(call.metadata, call.request);
    if ("code" in admitted) return callback(statusOf(admitted));
    const caller = new Caller(
      admitted.namespace,
      {
        result: (_request, ending) => answer(ending, callback),
        chunk: ignore,
      },
      undefined,
    );
    call.on("cancelled", () => this.#parts.router.callerGone(caller));
    const timeoutMs = timeoutOf(call.getDeadline());
    this.#parts.router.send(
      caller,
      sendFrame(admitted.request, { timeoutMs, streamChunks: 0, streamBytes: 0 }),
    );
  }

  #sendStream(call: StreamCall): void {
    call.on("error", ignore);
    const admitted = this.#admit(call.metadata, call.request);
    if ("code" in admitted) {
      call.emit("error", statusOf(admitted));
      return;
    }
    const sink = new StreamSink(call, (chunks, bytes) =>
      this.#parts.router.streamCredit(caller, {
        kind: "stream-credit",
        stream: REQUEST,
        chunks,
        bytes,
      }),
    );
    const caller: Caller = new Caller(admitted.namespace, sink, undefined);
    call.on("cancelled", () => this.#parts.router.callerGone(caller));
    const { streamChunks, streamBytes } = DEFAULTS;
    const timeoutMs = admitted.request.chunkTimeoutMs;
    this.#parts.router.send(
      caller,
      sendFrame(admitted.request, { timeoutMs, streamChunks, streamBytes }),
    );
  }

  #publish(call: PublishCall, callback: sendUnaryData<Buffer>): void {
    const admitted = this.#admit(call.metadata, call.request);
    if ("code" in admitted) return callback(statusOf(admitted));
    const { request, namespace } = admitted;
    const outcome = this.#parts.router.publish(namespace, undefined, {
      kind: "publish",
      sequence: REQUEST,
      activation: 0,
      parent: 0,
      resent: false,
      ...request,
    });
    if (outcome.kind === "refused") return callback(statusOf(outcome.failure));
    const accept = (): void => callback(null, writeClientAccepted(outcome.id));
    if (outcome.kind === "accepted") return accept();
    outcome.stored.then(accept, (error: unknown) => callback(statusOf(failureOf(error))));
  }

  #admit<Message extends object>(
    metadata: Metadata,
    request: Decoded<Message>,
  ): { namespace: Namespace; request: Message } | Failure {
    const principal = this.#parts.authenticator.authenticate(metadata);
    if ("code" in principal) return principal;
    if (isMalformed<Message>(request)) return failure("INVALID_ARGUMENT", request.malformed);
    const name = namespaceOf(metadata);
    if (!isAgentType(name))
      return failure("INVALID_ARGUMENT", `namespace ${quote(name)} breaks the grammar`);
    return { namespace: this.#parts.namespace(name), request: request as Message };
  }
}

/** The namespace that the metadata of a unary call names. */
export function namespaceOf(metadata: Metadata): string {
  const named = metadata.get(METADATA.namespace)[0];
  return named === undefined ? DEFAULT_NAMESPACE : String(named);
}

/**
 * Writes a stream of replies to a gRPC stream. Credit is given back as gRPC takes the chunks, so that a client that
 * reads slowly slows the agent down and nothing piles up here.
 */
class StreamSink implements CallerSink {
  readonly #call: StreamCall;
  readonly #grant: (chunks: number, bytes: number) => void;
  #owedChunks = 0;
  #owedBytes = 0;

  constructor(call: StreamCall, grant: (chunks: number, bytes: number) => void) {
    this.#call = call;
    this.#grant = grant;
    call.on("drain", () => this.#settleUp());
  }

  chunk(_request: number, content: ContentBytes): void {
    this.#owedChunks += 1;
    this.#owedBytes += content.length;
    if (this.#call.write(writeClientReply(content))) this.#settleUp();
  }

  result(_request: number, ending: Ending): void {
    if (ending.kind === "failed") this.#call.emit("error", statusOf(ending.failure));
    else this.#call.end();
  }

  #settleUp(): void {
    if (this.#owedChunks === 0) return;
    const [chunks, bytes] = [this.#owedChunks, this.#owedBytes];
    this.#owedChunks = 0;
    this.#owedBytes = 0;
    this.#grant(chunks, bytes);
  }
}

function answer(ending: Ending, callback: sendUnaryData<Buffer>): void {
  if (ending.kind === "failed") callback(statusOf(ending.failure));
  else callback(null, writeClientReply(ending.kind === "reply" ? ending.content : undefined));
}

function sendFrame(
  request: ClientSend,
  terms: Pick<SendFrame, "timeoutMs" | "streamChunks" | "streamBytes">,
): SendFrame {
  const { target, content } = request;
  return { kind: "send", request: REQUEST, target, content, activation: 0, parent: 0, ...terms };
}

function timeoutOf(deadline: Date | number): number {
  const at = Number(deadline);
  // No deadline is Infinity: the host's default applies.
  return Number.isFinite(at) ? Math.max(1, at - Date.now()) : 0;
}

function isMalformed<Message extends object>(
  request: Decoded<Message>,
): request is { readonly malformed: string } {
  return "malformed" in request;
}

function ignore(): void {
  // A unary call gets no chunks, and what a write to a dead stream meets is told by "cancelled".
}
