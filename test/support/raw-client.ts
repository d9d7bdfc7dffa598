/** ClientService and AdminService as raw calls: bytes in, bytes out, and the status as it came. */
import {
  DrainHostRequest,
  DrainWorkerRequest,
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  GetStatusRequest,
  GetStatusResponse,
  ListAgentsRequest,
  ListAgentsResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  ListDurableSubscriptionsRequest,
  ListDurableSubscriptionsResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListWorkersRequest,
  ListWorkersResponse,
  PublishRequest,
  PublishResponse,
  PurgeDeadLettersRequest,
  PurgeDeadLettersResponse,
  ReplayDeadLettersRequest,
  ReplayDeadLettersResponse,
  SendRequest,
  SendResponse,
  SendStreamRequest,
  SendStreamResponse,
  TailRequest,
} from "@agentmesh/proto/agentmesh/v1";
import {
  type CallOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { agent, topic } from "./frames.ts";
import { RawTail } from "./raw-tail.ts";
import { errorOf, type Told } from "./told.ts";
import { within } from "./waiting.ts";

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** What a call came to. */
export type Outcome<Response> =
  | { readonly kind: "ok"; readonly response: Response }
  | {
      readonly kind: "failed";
      readonly status: number;
      readonly details: string;
      readonly error: Told | undefined;
    };

/** A unary call on its way. */
export interface Pending<Response> {
  readonly outcome: Promise<Outcome<Response>>;
  cancel(): void;
}

export interface CallFields {
  /** Metadata of the call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** gRPC deadline, in milliseconds from now. */
  readonly deadlineMs?: number;
}

const raw = (bytes: Buffer): Buffer => bytes;

export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_send_message_length": -1,
      "grpc.max_receive_message_length": -1,
    });
  }

  close(): void {
    this.#client.close();
  }

  /** ClientService/Send of a text to `type/key`. */
  send(target: string, text: string, fields: CallFields = {}): Pending<SendResponse> {
    const { type, key } = agent(target);
    const request = { target: { type, key }, content: textContent(text) };
    return this.#unary(
      "ClientService/Send",
      SendRequest.encode(request).finish(),
      SendResponse,
      fields,
    );
  }

  /** ClientService/Publish of a text on `type/source`. */
  publish(
    on: string,
    text: string,
    fields: CallFields & Partial<PublishRequest> = {},
  ): Pending<PublishResponse> {
    const { type, source } = topic(on);
    const { headers, deadlineMs, ...rest } = fields;
    const request = {
      topic: { type, source },
      content: textContent(text),
      delayMs: 0,
      dedupId: "",
      ...rest,
    };
    const bytes = PublishRequest.encode(request).finish();
    const call = { ...(headers && { headers }), ...(deadlineMs !== undefined && { deadlineMs }) };
    return this.#unary("ClientService/Publish", bytes, PublishResponse, call);
  }

  /** ClientService/SendStream of a text to `type/key`. */
  stream(
    target: string,
    text: string,
    fields: CallFields & { chunkTimeoutMs?: number } = {},
  ): RawReplies {
    const { type, key } = agent(target);
    const { chunkTimeoutMs = 0 } = fields;
    const request = { target: { type, key }, content: textContent(text), chunkTimeoutMs };
    const bytes = Buffer.from(SendStreamRequest.encode(request).finish());
    const path = "/agentmesh.v1.ClientService/SendStream";
    return new RawReplies(
      this.#client.makeServerStreamRequest(
        path,
        raw,
        raw,
        bytes,
        metadataOf(fields),
        optionsOf(fields),
      ),
    );
  }

  /** AdminService/GetStatus. */
  status(fields: CallFields = {}): Promise<GetStatusResponse> {
    return this.#admin(
      "GetStatus",
      GetStatusRequest.encode({}).finish(),
      GetStatusResponse,
      fields,
    );
  }

  /** AdminService/ListWorkers. */
  workers(
    request: Partial<ListWorkersRequest> = {},
    fields: CallFields = {},
  ): Promise<ListWorkersResponse> {
    const bytes = ListWorkersRequest.encode({ cursor: "", limit: 0, ...request }).finish();
    return this.#admin("ListWorkers", bytes, ListWorkersResponse, fields);
  }

  /** AdminService/ListAgents. */
  agents(
    request: Partial<ListAgentsRequest> = {},
    fields: CallFields = {},
  ): Promise<ListAgentsResponse> {
    const all = { cursor: "", limit: 0, agentType: "", ...request };
    const bytes = ListAgentsRequest.encode(all).finish();
    return this.#admin("ListAgents", bytes, ListAgentsResponse, fields);
  }

  /** AdminService/ListSubscriptions. */
  subscriptions(
    request: Partial<ListSubscriptionsRequest> = {},
    fields: CallFields = {},
  ): Promise<ListSubscriptionsResponse> {
    const bytes = ListSubscriptionsRequest.encode({ cursor: "", limit: 0, ...request }).finish();
    return this.#admin("ListSubscriptions", bytes, ListSubscriptionsResponse, fields);
  }

  /** AdminService/PurgeDeadLetters. */
  async purge(filter: PurgeDeadLettersRequest["filter"], fields: CallFields = {}): Promise<number> {
    const bytes = PurgeDeadLettersRequest.encode({ filter }).finish();
    return (await this.#admin("PurgeDeadLetters", bytes, PurgeDeadLettersResponse, fields)).purged;
  }

  /** AdminService/DrainWorker. */
  drainWorker(sessionId: string, fields: CallFields = {}): Pending<Buffer> {
    const request = DrainWorkerRequest.encode({ sessionId }).finish();
    return this.call("AdminService/DrainWorker", request, fields);
  }

  /** AdminService/DrainHost. */
  drainHost(graceMs = 0, fields: CallFields = {}): Pending<Buffer> {
    const request = DrainHostRequest.encode({ graceMs }).finish();
    return this.call("AdminService/DrainHost", request, fields);
  }

  /** AdminService/Tail; resolves when the tail has begun. */
  async tail(request: Partial<TailRequest> = {}, fields: CallFields = {}): Promise<RawTail> {
    const everything = { agentType: "", agentKey: "", topicType: "", sessionId: "", worker: "" };
    const bytes = TailRequest.encode({ ...everything, errorsOnly: false, ...request }).finish();
    const call = this.#client.makeServerStreamRequest(
      "/agentmesh.v1.AdminService/Tail",
      raw,
      raw,
      Buffer.from(bytes),
      metadataOf(fields),
      optionsOf(fields),
    );
    const tail = new RawTail(call);
    await tail.begun;
    return tail;
  }

  /** AdminService/ListDeadLetters. */
  deadLetters(
    request: Partial<ListDeadLettersRequest> = {},
    fields: CallFields = {},
  ): Promise<ListDeadLettersResponse> {
    const bytes = ListDeadLettersRequest.encode({
      cursor: "",
      limit: 0,
      filter: undefined,
      ...request,
    }).finish();
    return this.#admin("ListDeadLetters", bytes, ListDeadLettersResponse, fields);
  }

  /** AdminService/ReplayDeadLetters. */
  replay(
    request: Partial<ReplayDeadLettersRequest> = {},
    fields: CallFields = {},
  ): Promise<ReplayDeadLettersResponse> {
    const bytes = replayRequest(request);
    return this.#admin("ReplayDeadLetters", bytes, ReplayDeadLettersResponse, fields);
  }

  /** AdminService/ReplayDeadLetters, which may be refused. */
  tryReplay(
    request: Partial<ReplayDeadLettersRequest>,
  ): Promise<Outcome<ReplayDeadLettersResponse>> {
    const bytes = replayRequest(request);
    return this.#unary("AdminService/ReplayDeadLetters", bytes, ReplayDeadLettersResponse, {})
      .outcome;
  }

  /** AdminService/ListDurableSubscriptions. */
  durable(
    request: Partial<ListDurableSubscriptionsRequest> = {},
    fields: CallFields = {},
  ): Promise<ListDurableSubscriptionsResponse> {
    const all = { cursor: "", limit: 0, ...request };
    const bytes = ListDurableSubscriptionsRequest.encode(all).finish();
    return this.#admin("ListDurableSubscriptions", bytes, ListDurableSubscriptionsResponse, fields);
  }

  /** AdminService/GetDeadLetter. */
  deadLetter(
    request: GetDeadLetterRequest,
    fields: CallFields = {},
  ): Promise<Outcome<GetDeadLetterResponse>> {
    const bytes = GetDeadLetterRequest.encode(request).finish();
    return this.#unary("AdminService/GetDeadLetter", bytes, GetDeadLetterResponse, fields).outcome;
  }

  /** Any unary method of agentmesh.v1 with any bytes. */
  call(method: string, request: Uint8Array, fields: CallFields = {}): Pending<Buffer> {
    const codec = {
      encode: (bytes: Buffer) => ({ finish: () => bytes }),
      decode: (bytes: Uint8Array) => Buffer.from(bytes),
    };
    return this.#unary(method, request, codec, fields);
  }

  async #admin<Response>(
    method: string,
    request: Uint8Array,
    codec: Codec<Response>,
    fields: CallFields,
  ): Promise<Response> {
    const outcome = await this.#unary(`AdminService/${method}`, request, codec, fields).outcome;
    if (outcome.kind === "failed") throw new Error(`${method} failed: ${outcome.details}`);
    return outcome.response;
  }

  #unary<Response>(
    method: string,
    request: Uint8Array,
    codec: Codec<Response>,
    fields: CallFields,
  ): Pending<Response> {
    const path = `/agentmesh.v1.${method}`;
    let cancel = (): void => {};
    const outcome = new Promise<Outcome<Response>>((resolve) => {
      const settle = (error: ServiceError | null, bytes?: Buffer): void => {
        if (error !== null) resolve(failed(error));
        else resolve({ kind: "ok", response: codec.decode(bytes ?? Buffer.alloc(0)) });
      };
      const call = this.#client.makeUnaryRequest(
        path,
        raw,
        raw,
        Buffer.from(request),
        metadataOf(fields),
        optionsOf(fields),
        settle,
      );
      cancel = () => call.cancel();
    });
    return { outcome: within(outcome, () => `the answer to ${method}`), cancel: () => cancel() };
  }
}

/** A stream of replies that is read one by one. */
export class RawReplies {
  readonly #call: ClientReadableStream<Buffer>;
  readonly #reader: AsyncIterator<Buffer>;
  readonly #ended: Promise<Outcome<undefined>>;

  constructor(call: ClientReadableStream<Buffer>) {
    this.#call = call;
    this.#ended = new Promise((resolve) => {
      call.once("status", (status: StatusObject) => {
        if (status.code === 0) resolve({ kind: "ok", response: undefined });
        else resolve(failed(status));
      });
    });
    call.on("error", () => {});
    this.#reader = call[Symbol.asyncIterator]();
  }

  /** How the stream ended. */
  get ended(): Promise<Outcome<undefined>> {
    return within(this.#ended, () => "the end of the stream of replies");
  }

  /** The text of the next chunk; undefined after the last. */
  async next(): Promise<string | undefined> {
    const { value, done } = await within(this.#reader.next(), () => "the next reply of the stream");
    if (done === true) return undefined;
    return Buffer.from(SendStreamResponse.decode(value).chunk?.data ?? []).toString();
  }

  cancel(): void {
    this.#call.cancel();
  }
}

function failed(status: { code: number; details: string; metadata: Metadata }): Outcome<never> {
  const { code, details, metadata } = status;
  return { kind: "failed", status: code, details, error: errorOf(metadata) };
}

function replayRequest(request: Partial<ReplayDeadLettersRequest>): Uint8Array {
  const all = { filter: undefined, target: undefined, limit: 0, cursor: "", ...request };
  return ReplayDeadLettersRequest.encode(all).finish();
}

function textContent(text: string) {
  return {
    messageType: "test.Text",
    contentType: "text/plain",
    data: Buffer.from(text),
    traceparent: "",
    tracestate: "",
    metadata: {},
    messageId: "",
  };
}

function metadataOf({ headers = {} }: CallFields): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function optionsOf({ deadlineMs }: CallFields): CallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}
