import {
  type AgentId,
  DEFAULTS,
  invalid,
  MeshError,
  meshError,
  systemClock,
  type TopicId,
} from "@agentmesh/proto";
import { WireReader, WireWriter } from "@agentmesh/proto/wire";
import type { PublishOptions, SendOptions, StreamOptions } from "./agent/context.ts";
import { type HostCalls, reachHosts } from "./connection/host-calls.ts";
import { ElementStream, type StreamReader } from "./connection/stream-reader.ts";
import { reasonOf } from "./messages/codec.ts";
import { type ClientOptions, resolveClient } from "./options.ts";
import { InterceptedSpeaker } from "./runtime/interception/intercepted-speaker.ts";
import { Interception } from "./runtime/interception/interception.ts";
import type { Interceptor } from "./runtime/interception/interceptor.ts";
import { Messaging, type OutgoingMessage, type Speaker } from "./runtime/messaging.ts";
import { decodeReply, encodeMessage, wrongReply } from "./runtime/outgoing.ts";
import { boundsOf } from "./runtime/patience.ts";

const SERVICE = "/agentmesh.v1.ClientService";

/**
 * A caller without agents: every call is one gRPC call. For a few calls, or from a short-lived process; who sends much
 * is faster with `connectWorker`, which needs no agents either.
 */
export class MeshClient extends Messaging implements AsyncDisposable {
  readonly #calls: HostCalls;
  #interception: Interception | undefined;

  /** Use {@link connectClient}. */
  constructor(calls: HostCalls, maxPayloadBytes: number) {
    super(new ClientSpeaker(calls, maxPayloadBytes));
    this.#calls = calls;
  }

  /**
   * Lets interceptors see, change and drop what this client sends and publishes from now on. They come behind those of
   * earlier calls; their hooks `receive` and `reply` are for runtimes.
   */
  use(...interceptors: readonly Interceptor[]): void {
    this.#interception ??= this.#intercept();
    for (const interceptor of interceptors) this.#interception.add(interceptor);
  }

  /** Ends the connection; calls that are open fail with `CLOSED`, and may have been executed. Idempotent. */
  async close(): Promise<void> {
    this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #intercept(): Interception {
    const interception = new Interception(systemClock, () => {
      // A client keeps no counters.
    });
    this.speakThrough((speaker) => new InterceptedSpeaker(speaker, undefined, interception));
    return interception;
  }
}

/**
 * Connects a caller that runs no agents.
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong, `CONNECTION_LOST` when no host answers in time, `CANCELLED`
 * when the signal fires before.
 */
export async function connectClient(options: ClientOptions = {}): Promise<MeshClient> {
  const resolved = resolveClient(options, process.env);
  const calls = await reachHosts(resolved);
  return new MeshClient(calls, resolved.maxPayloadBytes);
}

/** Speaks over ClientService. */
class ClientSpeaker implements Speaker {
  readonly #calls: HostCalls;
  readonly #maxBytes: number;

  constructor(calls: HostCalls, maxBytes: number) {
    this.#calls = calls;
    this.#maxBytes = maxBytes;
  }

  async ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown> {
    const { messageName, reply } = message.type;
    if (reply.kind === "stream") {
      throw invalid(`${messageName} is answered by a stream; use stream()`);
    }
    const bounds = boundsOf(options, DEFAULTS.timeoutMs);
    const request = requestOf(target, encodeMessage(message, options, this.#maxBytes));
    const bytes = await this.#unary("Send", messageName, request, bounds);
    if (reply.kind !== "one") return undefined;
    const content = firstField(bytes);
    if (content !== undefined) return decodeReply(messageName, reply.type, content);
    throw wrongReply(`${messageName} was answered with nothing`);
  }

  askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown> {
    return new ElementStream((reader) => this.#replies(reader, target, message, options));
  }

  async *#replies(
    reader: StreamReader,
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const { messageName, reply } = message.type;
    if (reply.kind !== "stream") throw invalid(`${messageName} is not answered by a stream`);
    const bounds = boundsOf(options, DEFAULTS.timeoutMs);
    const writer = new WireWriter();
    writer.raw(requestOf(target, encodeMessage(message, options, this.#maxBytes)));
    // Who does not say how long leaves it to the host.
    writer.number(0x18, bounds.isTold ? bounds.timeoutMs : 0);
    const answers = this.#calls.stream(`${SERVICE}/SendStream`, writer.copy(), bounds);
    reader.onLeave = () => void answers.return();
    try {
      for await (const bytes of answers) {
        const content = firstField(bytes);
        if (content !== undefined) yield decodeReply(messageName, reply.type, content);
      }
    } catch (error) {
      throw named(messageName, error);
    }
  }

  async tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void> {
    const bounds = boundsOf(options, DEFAULTS.timeoutMs);
    const request = requestOf(topic, encodeMessage(message, options, this.#maxBytes));
    await this.#unary("Publish", message.type.messageName, request, bounds);
  }

  async #unary(
    method: string,
    messageName: string,
    request: Buffer,
    bounds: ReturnType<typeof boundsOf>,
  ): Promise<Buffer> {
    try {
      return await this.#calls.unary(`${SERVICE}/${method}`, request, bounds);
    } catch (error) {
      throw named(messageName, error);
    }
  }
}

/** The host says how large a message was, but does not look into it; which one it was is known here. */
function named(messageName: string, error: unknown): unknown {
  if (!(error instanceof MeshError) || error.code !== "PAYLOAD_TOO_LARGE") return error;
  const { outcome, retryable } = error;
  const text = `message ${messageName}: ${reasonOf(error)}`;
  return meshError("PAYLOAD_TOO_LARGE", text, { outcome, retryable, cause: error });
}

/** SendRequest, SendStreamRequest and PublishRequest begin alike: whom it is for, and the message. */
function requestOf(to: AgentId | TopicId, content: Uint8Array): Buffer {
  const writer = new WireWriter(content.length + 256);
  writer.bytes(0x0a, to.encoded);
  writer.bytes(0x12, content);
  return writer.copy();
}

/** SendResponse and SendStreamResponse hold one content; undefined when it is absent. */
function firstField(bytes: Buffer): Uint8Array | undefined {
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) return reader.bytes();
    reader.skip(tag);
  }
  return undefined;
}
