import {
  type AgentId,
  type FailureHints,
  failure,
  invalid,
  METADATA,
  MeshError,
  type TopicId,
} from "@agentmesh/proto";
import { WireReader, WireWriter } from "@agentmesh/proto/wire";
import type { PublishOptions, SendOptions, StreamOptions } from "./agent/context.ts";
import { openAccess } from "./connection/access.ts";
import { Route } from "./connection/addresses.ts";
import { UnaryChannel } from "./connection/unary-channel.ts";
import { type ClientOptions, resolveClient } from "./options.ts";
import { Messaging, type OutgoingMessage, type Speaker } from "./runtime/messaging.ts";
import { checkTimeout, decodeReply, encodeMessage, wrongReply } from "./runtime/outgoing.ts";

const SERVICE = "/agentmesh.v1.ClientService";
const NOT_SENT: FailureHints = { outcome: "not-executed", retryable: true };

/**
 * A caller without agents: every call is one gRPC call. For a few calls, or from a short-lived process; who sends much
 * is faster with `connectWorker`, which needs no agents either.
 */
export class MeshClient extends Messaging implements AsyncDisposable {
  readonly #channel: UnaryChannel;

  /** Use {@link connectClient}. */
  constructor(channel: UnaryChannel) {
    super(new ClientSpeaker(channel));
    this.#channel = channel;
  }

  /** Ends the connection; calls that are open fail. Idempotent. */
  async close(): Promise<void> {
    this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Connects a caller that runs no agents.
 * @throws MeshError `INVALID_ARGUMENT` when an option is wrong, `CONNECTION_LOST` when no host answers in time.
 */
export async function connectClient(options: ClientOptions = {}): Promise<MeshClient> {
  const resolved = resolveClient(options, process.env);
  const access = await openAccess(resolved.tls, resolved.token);
  const channel = new UnaryChannel(new Route(resolved.addresses), access, {
    [METADATA.namespace]: resolved.namespace,
  });
  try {
    await channel.ready(resolved.connectTimeoutMs);
  } catch (error) {
    channel.close();
    throw error;
  }
  return new MeshClient(channel);
}

/** Speaks over ClientService. */
class ClientSpeaker implements Speaker {
  readonly #channel: UnaryChannel;

  constructor(channel: UnaryChannel) {
    this.#channel = channel;
  }

  async ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown> {
    const { messageName, reply } = message.type;
    if (reply.kind === "stream") {
      throw invalid(`${messageName} is answered by a stream; use stream()`);
    }
    const request = requestOf(target, contentOf(message, options));
    const bytes = await this.#channel.unary(`${SERVICE}/Send`, request, boundsOf(options));
    if (reply.kind === "none") return undefined;
    const content = firstField(bytes);
    if (content !== undefined) return decodeReply(messageName, reply.type, content);
    throw wrongReply(`${messageName} was answered with nothing`);
  }

  async *askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): AsyncGenerator<unknown, void, undefined> {
    const { messageName, reply } = message.type;
    if (reply.kind !== "stream") throw invalid(`${messageName} is not answered by a stream`);
    const writer = new WireWriter();
    writer.raw(requestOf(target, contentOf(message, options)));
    writer.number(0x18, options.timeoutMs === undefined ? 0 : checkTimeout(options.timeoutMs));
    const bounds = { timeoutMs: undefined, signal: options.signal };
    for await (const bytes of this.#channel.stream(
      `${SERVICE}/SendStream`,
      writer.copy(),
      bounds,
    )) {
      const content = firstField(bytes);
      if (content !== undefined) yield decodeReply(messageName, reply.type, content);
    }
  }

  async tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void> {
    const request = requestOf(topic, contentOf(message, options));
    await this.#channel.unary(`${SERVICE}/Publish`, request, {
      timeoutMs: undefined,
      signal: options.signal,
    });
  }
}

function contentOf(message: OutgoingMessage, options: PublishOptions): Uint8Array {
  const { signal } = options;
  if (signal?.aborted === true) {
    throw new MeshError(failure("CANCELLED", undefined, NOT_SENT), { cause: signal.reason });
  }
  // The host says what is too large for it.
  return encodeMessage(message, options, Number.POSITIVE_INFINITY);
}

function boundsOf(options: SendOptions): {
  timeoutMs: number | undefined;
  signal: AbortSignal | undefined;
} {
  const { timeoutMs, signal } = options;
  return { timeoutMs: timeoutMs === undefined ? undefined : checkTimeout(timeoutMs), signal };
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
