/** What a client writes to its channel, taken to the router. */
import {
  AgentId,
  type Failure,
  failure,
  failureOf,
  isKey,
  LIMITS,
  TopicId,
} from "@agentmesh/proto";
import type { AutogenAgentId, CloudEvent, Message, RpcRequest } from "@agentmesh/proto/agents";
import type { Agent } from "../../delivery/agent.ts";
import type { Dispatcher } from "../../delivery/dispatcher.ts";
import type { Worker } from "../../delivery/worker.ts";
import type { AgentType } from "../../directory/agent-type.ts";
import type { Router } from "../../router/router.ts";
import type { AutogenClient } from "./client.ts";
import { readEvent } from "./event-codec.ts";
import type { Head } from "./heads.ts";
import { readRequest } from "./payload-codec.ts";

interface Parts {
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  /** A type that the client has announced; undefined when it has not. */
  readonly typeOf: (client: AutogenClient, name: string) => AgentType<Worker, Agent> | undefined;
  /** Largest content, in bytes. */
  readonly maxPayloadBytes: number;
  /** An event was refused, which its publisher cannot be told. */
  readonly refused: (client: AutogenClient, reason: Failure) => void;
}

export class Inbound {
  readonly #parts: Parts;
  /** The router looks topics up by their ids as objects. */
  readonly #topics = new Map<string, TopicId>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes a message. One that holds nothing is passed over. @throws MeshError when it breaks the protocol. */
  take(client: AutogenClient, { message }: Message): void {
    switch (message?.$case) {
      case "request":
        return this.#send(client, message.value);
      case "response":
        return client.deliveries.respond(message.value);
      case "cloudEvent":
        return this.#publish(client, message.value);
    }
  }

  /** Refuses a message of which only the head is there, because it has this many bytes. */
  refuse(client: AutogenClient, head: Head, bytes: number): void {
    const text = `${bytes} bytes; the most is ${this.#parts.maxPayloadBytes}`;
    const reason = failure("PAYLOAD_TOO_LARGE", text);
    if (head.kind === "request")
      client.caller.refuse(client.replies.numberFor(head.requestId), reason);
    else if (head.kind === "response") client.deliveries.refuseResponse(head.requestId, text);
    else this.#parts.refused(client, reason);
  }

  #send(client: AutogenClient, request: RpcRequest): void {
    const number = client.replies.numberFor(request.requestId);
    const { target } = request;
    if (target === undefined || target.key === "") {
      const text =
        target === undefined ? "the target is missing" : "the key of the target is empty";
      client.caller.refuse(number, failure("INVALID_ARGUMENT", text));
      return;
    }
    this.#parts.router.send(client.caller, {
      kind: "send",
      request: number,
      target: new AgentId(target.type, target.key),
      timeoutMs: 0,
      content: readRequest(request),
      activation: this.#activation(client, request.source),
      parent: 0,
      streamChunks: 0,
      streamBytes: 0,
    });
  }

  #publish(client: AutogenClient, event: CloudEvent): void {
    const { content, claimed } = readEvent(event);
    const activation = this.#activation(client, claimed);
    const outcome = this.#parts.router.publish(client.namespace, client.deliveries.worker, {
      kind: "publish",
      sequence: 0,
      topic: this.#topic(event.type, event.source),
      content,
      activation,
      parent: 0,
      delayMs: 0,
      dedupId: "",
      resent: false,
    });
    if (outcome.kind === "storing")
      outcome.stored.catch((error: unknown) => this.#parts.refused(client, failureOf(error)));
    if (outcome.kind === "refused") this.#parts.refused(client, outcome.failure);
    else if (claimed !== undefined && activation !== 0) this.#echo(client, event, claimed);
  }

  /**
   * In the mesh an agent does not receive what it publishes; a client of AutoGen does, and skips the agent itself or not.
   * So it gets the event from here when no other agent of it is among the receivers.
   */
  #echo(client: AutogenClient, event: CloudEvent, sender: AutogenAgentId): void {
    if (event.source !== sender.key) return;
    const types = client.namespace.subscriptions.match(event.type);
    const isOther = (type: string): boolean =>
      type !== sender.type && this.#parts.typeOf(client, type) !== undefined;
    if (types.includes(sender.type) && !types.some(isOther)) client.deliveries.write(event);
  }

  /**
   * The activation in whose name the client speaks, begun when there is none. 0 for an agent of another worker or of
   * nobody: the mesh does not vouch for it.
   */
  #activation(client: AutogenClient, claimed: AutogenAgentId | undefined): number {
    if (claimed === undefined || !isKey(claimed.key)) return 0;
    const type = this.#parts.typeOf(client, claimed.type);
    if (type === undefined) return 0;
    const { namespace } = client;
    const { worker, residents } = client.deliveries;
    const agent = namespace.agent(new AgentId(claimed.type, claimed.key), type);
    if (agent.worker === undefined) this.#parts.dispatcher.activate(agent, worker);
    if (agent.worker !== worker) return 0;
    residents.touch(agent.activation);
    return agent.activation;
  }

  #topic(type: string, source: string): TopicId {
    const text = `${type}/${source}`;
    const known = this.#topics.get(text);
    // A type that breaks the grammar may hold a slash, and then two topics have one text.
    if (known?.type === type) return known;
    if (this.#topics.size >= LIMITS.cachedTopics) this.#topics.clear();
    const topic = new TopicId(type, source);
    this.#topics.set(text, topic);
    return topic;
  }
}
