/**
 * The control channels, on which clients ask each other to save and load the state of agents. A message goes unchanged to
 * the client that its destination names. Every question gets an answer: where there is nobody to give it, and when the
 * one who was asked leaves, it is an error.
 */
import { type Failure, failure, LIMITS } from "@agentmesh/proto";
import {
  type Any,
  ControlMessage,
  LoadStateResponse,
  SaveStateResponse,
} from "@agentmesh/proto/agents";
import type { Logger } from "../../observability/logger.ts";
import { unreadable } from "../violation.ts";
import { Channel, type ChannelParts, type RawChannel } from "./channel.ts";
import type { AutogenClient } from "./client.ts";
import type { AutogenClients } from "./clients.ts";
import { failureOfThrown } from "./errors.ts";
import { readControlHead } from "./heads.ts";
import { typeUrlOf } from "./media.ts";
import { Outbound } from "./outbound.ts";

const AGENT = "agentid=";
const CLIENT = "clientid=";
const SAVE = typeUrlOf("agents.SaveStateRequest");
const LOAD = typeUrlOf("agents.LoadStateRequest");

/** A client's control channel. */
interface Line {
  readonly channel: Channel;
  readonly outbound: Outbound<undefined>;
  /** What the client was asked and has not answered, by `rpc_id`. */
  readonly asked: Map<string, Question>;
}

interface Question {
  readonly from: AutogenClient;
  readonly message: ControlMessage;
}

interface Parts extends ChannelParts {
  readonly clients: AutogenClients;
  readonly logger: Logger;
}

export class ControlChannels {
  readonly #limitBytes: number;
  readonly #parts: Parts;
  readonly #lines = new Map<AutogenClient, Line>();

  /** Above `limitBytes` that wait for one client its channel is ended. */
  constructor(limitBytes: number, parts: Parts) {
    this.#limitBytes = limitBytes;
    this.#parts = parts;
  }

  /** Opens the channel of a client: the newest one wins. */
  open(call: RawChannel, client: AutogenClient): void {
    this.#lines.get(client)?.channel.close(failure("SESSION_SUPERSEDED"));
    const channel = new Channel(call, this.#parts, () => ({
      onMessage: (bytes) => this.#take(client, line, bytes),
      onTooLong: (head, bytes) => this.#refuseLong(client, line, readControlHead(head), bytes),
      onDrain: () => line.outbound.drained(),
      onHalfClosed: () => this.#hangUp(client, line),
      onLost: () => this.#hangUp(client, line),
    }));
    const overflow = (): void => queueMicrotask(() => this.#cut(client, line));
    const outbound = new Outbound<undefined>(this.#limitBytes, ignore, overflow);
    const line: Line = { channel, outbound, asked: new Map() };
    this.#lines.set(client, line);
    client.hasControl = true;
    outbound.attach(channel);
    channel.listen();
  }

  /** Ends all channels. */
  endAll(reason: Failure): void {
    for (const { channel } of this.#lines.values()) channel.close(reason);
    this.#lines.clear();
  }

  #take(client: AutogenClient, line: Line, bytes: Buffer): void {
    try {
      this.#pass(client, line, ControlMessage.decode(bytes), bytes);
    } catch (error) {
      this.#hangUp(client, line);
      line.channel.close(failureOfThrown(unreadable(error), this.#parts.logger));
    }
  }

  #pass(from: AutogenClient, line: Line, message: ControlMessage, bytes: Buffer): void {
    const to = this.#lineTo(from, message.destination);
    if (typeof to === "string") {
      this.#refuse({ from, message }, to);
      return;
    }
    if (isQuestion(message)) {
      to.asked.set(message.rpcId, { from, message });
      const [oldest] = to.asked.keys();
      if (to.asked.size > LIMITS.autogenQuestions && oldest !== undefined) to.asked.delete(oldest);
    } else line.asked.delete(message.rpcId);
    to.outbound.send(bytes, undefined);
  }

  /** The channel that a destination names; a text that says why there is none. */
  #lineTo({ namespace }: AutogenClient, destination: string): Line | string {
    if (destination.startsWith(CLIENT)) {
      const id = destination.slice(CLIENT.length);
      const client = this.#parts.clients.find(id, namespace);
      const line = client === undefined ? undefined : this.#lines.get(client);
      return line ?? `client ${id} has no control channel`;
    }
    if (!destination.startsWith(AGENT))
      return `the destination ${destination} is neither agentid=TYPE/KEY nor clientid=ID`;
    const agent = destination.slice(AGENT.length);
    const [type = ""] = agent.split("/", 1);
    const key = agent.slice(type.length + 1);
    const owners = this.#parts.clients.ownersOf(namespace, type);
    const home = namespace.types.get(type)?.agents.get(key)?.worker;
    const owner = owners.find(({ deliveries }) => deliveries.worker === home) ?? owners[0];
    if (owner === undefined) return `no worker of AutoGen announced agent type ${type}`;
    return this.#lines.get(owner) ?? `the worker of agent ${agent} has no control channel`;
  }

  /** A question or an answer has more bytes than the host takes: who waits for it is told. */
  #refuseLong(
    from: AutogenClient,
    line: Line,
    head: ControlMessage | undefined,
    bytes: number,
  ): void {
    if (head === undefined) return;
    const text = `${bytes} bytes; the most is ${this.#parts.maxPayloadBytes}`;
    if (isQuestion(head)) {
      this.#refuse({ from, message: head }, `the question has ${text}`);
      return;
    }
    const question = line.asked.get(head.rpcId);
    line.asked.delete(head.rpcId);
    if (question !== undefined) this.#refuse(question, `the answer has ${text}`);
  }

  /** Answers a question in the place of the one who cannot. What is no question is dropped. */
  #refuse({ from, message }: Question, text: string): void {
    const rpcMessage = errorFor(message, text);
    if (rpcMessage === undefined) return;
    const destination = message.respondTo || CLIENT + from.id;
    const to = this.#lineTo(from, destination);
    if (typeof to === "string") return;
    const { rpcId } = message;
    const answer = { rpcId, destination, respondTo: undefined, rpcMessage };
    to.outbound.send(Buffer.from(ControlMessage.encode(answer).finish()), undefined);
  }

  #cut(client: AutogenClient, line: Line): void {
    this.#hangUp(client, line);
    line.channel.close(failure("SLOW_CONSUMER"));
  }

  #hangUp(client: AutogenClient, line: Line): void {
    if (this.#lines.get(client) === line) {
      this.#lines.delete(client);
      client.hasControl = false;
    }
    line.outbound.detach();
    line.outbound.clear();
    const questions = [...line.asked.values()];
    line.asked.clear();
    for (const question of questions)
      this.#refuse(question, `client ${client.id} has left without an answer`);
  }
}

function isQuestion({ rpcMessage }: ControlMessage): boolean {
  return rpcMessage?.typeUrl === SAVE || rpcMessage?.typeUrl === LOAD;
}

function errorFor({ rpcMessage }: ControlMessage, error: string): Any | undefined {
  if (rpcMessage?.typeUrl === SAVE) {
    const value = Buffer.from(SaveStateResponse.encode({ state: "", error }).finish());
    return { typeUrl: typeUrlOf("agents.SaveStateResponse"), value };
  }
  if (rpcMessage?.typeUrl !== LOAD) return undefined;
  const value = Buffer.from(LoadStateResponse.encode({ error }).finish());
  return { typeUrl: typeUrlOf("agents.LoadStateResponse"), value };
}

function ignore(): void {
  // Control messages are nobody's deliveries.
}
