/**
 * The control channels, on which clients ask each other to save and load the state of agents, and agents of the mesh. A
 * message goes unchanged to the client that its destination names. Every question gets an answer: where there is nobody
 * to give it, and when the one who was asked leaves, it is an error.
 */
import { randomUUID } from "node:crypto";
import { type AgentId, type Failure, failure, LIMITS } from "@agentmesh/proto";
import { type Any, ControlMessage } from "@agentmesh/proto/agents";
import type { Namespace } from "../../delivery/namespace.ts";
import type { Logger } from "../../observability/logger.ts";
import type { Router } from "../../router/router.ts";
import { unreadable } from "../violation.ts";
import { Channel, type ChannelParts, type RawChannel } from "./channel.ts";
import type { AutogenClient } from "./client.ts";
import type { AutogenClients } from "./clients.ts";
import { failureOfThrown } from "./errors.ts";
import { readControlHead } from "./heads.ts";
import { MeshStates } from "./mesh-states.ts";
import { Outbound } from "./outbound.ts";
import { isQuestion, type Question, refuse } from "./state-questions.ts";

const AGENT = "agentid=";
const CLIENT = "clientid=";

/** A client's control channel. */
interface Line {
  readonly channel: Channel;
  readonly outbound: Outbound<undefined>;
  /** What the client was asked and has not answered, by `rpc_id`. */
  readonly asked: Map<string, Question>;
  /** What it asks agents of the mesh. */
  readonly states: MeshStates;
}

/** Where a message goes. */
type Route =
  | { readonly kind: "line"; readonly line: Line }
  | { readonly kind: "mesh"; readonly type: string; readonly key: string }
  | { readonly kind: "nowhere"; readonly reason: string };

interface Parts extends ChannelParts {
  readonly clients: AutogenClients;
  readonly router: Router;
  readonly logger: Logger;
}

export class ControlChannels {
  readonly #limitBytes: number;
  readonly #parts: Parts;
  readonly #lines = new Map<AutogenClient, Line>();
  /** Where answers to the host itself go: no client can guess that name. */
  readonly #ownAddress = CLIENT + randomUUID();

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
    const states = new MeshStates(this.#parts.router, client.namespace);
    const line: Line = { channel, outbound, asked: new Map(), states };
    this.#lines.set(client, line);
    client.hasControl = true;
    outbound.attach(channel);
    channel.listen();
  }

  /** Asks a client about the state of an agent of its own. @returns why it cannot be asked. */
  ask(
    client: AutogenClient,
    agent: AgentId,
    rpcMessage: Any,
    answer: Question["answer"],
  ): string | undefined {
    const line = this.#lines.get(client);
    if (line === undefined) return `the worker of agent ${agent.text} has no control channel`;
    const message: ControlMessage = {
      rpcId: randomUUID(),
      destination: AGENT + agent.text,
      respondTo: this.#ownAddress,
      rpcMessage,
    };
    this.#put(line, { message, answer }, Buffer.from(ControlMessage.encode(message).finish()));
    return undefined;
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
    if (!isQuestion(message)) {
      this.#passAnswer(from, line, message, bytes);
      return;
    }
    const question = this.#questionOf(from, message);
    const route = this.#route(from.namespace, message.destination);
    if (route.kind === "line") this.#put(route.line, question, bytes);
    else if (route.kind === "mesh") line.states.ask(route.type, route.key, question);
    else refuse(question, route.reason);
  }

  /** Passes on what is no question. Where nobody is there to take it, it is dropped. */
  #passAnswer(from: AutogenClient, line: Line, message: ControlMessage, bytes: Buffer): void {
    const { destination, rpcId, rpcMessage } = message;
    const question = line.asked.get(rpcId);
    line.asked.delete(rpcId);
    if (destination === this.#ownAddress) {
      if (rpcMessage !== undefined) question?.answer(rpcMessage);
      return;
    }
    const route = this.#route(from.namespace, destination);
    if (route.kind === "line") route.line.outbound.send(bytes, undefined);
  }

  #put({ asked, outbound }: Line, question: Question, bytes: Buffer): void {
    asked.set(question.message.rpcId, question);
    const [oldest] = asked;
    if (asked.size > LIMITS.autogenQuestions && oldest !== undefined) {
      asked.delete(oldest[0]);
      refuse(oldest[1], `${LIMITS.autogenQuestions} later questions wait for an answer, too`);
    }
    outbound.send(bytes, undefined);
  }

  #questionOf(from: AutogenClient, message: ControlMessage): Question {
    const destination = message.respondTo || CLIENT + from.id;
    const answer = (rpcMessage: Any): void => {
      const route = this.#route(from.namespace, destination);
      if (route.kind !== "line") return;
      const { rpcId } = message;
      const bytes = ControlMessage.encode({ rpcId, destination, respondTo: undefined, rpcMessage });
      route.line.outbound.send(Buffer.from(bytes.finish()), undefined);
    };
    return { message, answer };
  }

  #route(namespace: Namespace, destination: string): Route {
    if (destination.startsWith(CLIENT)) {
      const id = destination.slice(CLIENT.length);
      const client = this.#parts.clients.find(id, namespace);
      return this.#routeTo(client, `client ${id} has no control channel`);
    }
    if (!destination.startsWith(AGENT)) {
      const reason = `the destination ${destination} is neither agentid=TYPE/KEY nor clientid=ID`;
      return { kind: "nowhere", reason };
    }
    const agent = destination.slice(AGENT.length);
    const [type = ""] = agent.split("/", 1);
    const key = agent.slice(type.length + 1);
    const home = namespace.workerOf(type, key);
    const owners = this.#parts.clients.ownersOf(namespace, type);
    if (owners.length === 0) return { kind: "mesh", type, key };
    const owner = owners.find(({ worker }) => worker === home) ?? owners[0];
    return this.#routeTo(owner, `the worker of agent ${agent} has no control channel`);
  }

  #routeTo(client: AutogenClient | undefined, reason: string): Route {
    const line = client === undefined ? undefined : this.#lines.get(client);
    return line === undefined ? { kind: "nowhere", reason } : { kind: "line", line };
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
      refuse(this.#questionOf(from, head), `the question has ${text}`);
      return;
    }
    const question = line.asked.get(head.rpcId);
    line.asked.delete(head.rpcId);
    if (question !== undefined) refuse(question, `the answer has ${text}`);
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
    line.states.close();
    const questions = [...line.asked.values()];
    line.asked.clear();
    for (const question of questions)
      refuse(question, `client ${client.id} has left without an answer`);
  }
}

function ignore(): void {
  // Control messages are nobody's deliveries.
}
