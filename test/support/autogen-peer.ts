/** A scripted worker of AutoGen: what such a worker writes, and what it is told. */
import { randomUUID } from "node:crypto";
import {
  AddSubscriptionRequest,
  type AttributeValue,
  type AutogenSubscription,
  type CloudEvent,
  GetSubscriptionsRequest,
  GetSubscriptionsResponse,
  Message,
  RegisterAgentTypeRequest,
  RemoveSubscriptionRequest,
  type RpcRequest,
  type RpcResponse,
} from "@agentmesh/proto/agents";
import type { Client } from "@grpc/grpc-js";
import {
  AutogenChannel,
  type AutogenHeaders,
  type AutogenStatus,
  autogenConnection,
  callAutogen,
} from "./autogen-channel.ts";
import { Journal } from "./journal.ts";

export interface PeerOptions {
  readonly clientId?: string;
  readonly namespace?: string;
}

export class AutogenPeer {
  readonly clientId: string;
  /** What has arrived on its channels, decoded. */
  readonly inbox = new Journal<Message>("a worker of AutoGen");
  readonly #client: Client;
  readonly #headers: AutogenHeaders;
  readonly #answers = new Map<string, (request: RpcRequest) => Partial<RpcResponse>>();
  #channel: AutogenChannel | undefined;
  #lastRequest = 0;

  constructor(address: string, { clientId = randomUUID(), namespace }: PeerOptions = {}) {
    this.clientId = clientId;
    this.#client = autogenConnection(address);
    this.#headers = { clientId, ...(namespace !== undefined && { namespace }) };
  }

  /** The channel that it opened last. */
  get channel(): AutogenChannel {
    if (this.#channel === undefined) throw new Error("the worker has no channel");
    return this.#channel;
  }

  /** Opens its channel and waits for the headers of the host. */
  async open(): Promise<AutogenChannel> {
    const channel = new AutogenChannel(this.#client, "OpenChannel", this.#headers);
    this.#channel = channel;
    channel.arrived.each((bytes) => this.#take(channel, Message.decode(bytes)));
    await channel.opened;
    return channel;
  }

  /** Opens its control channel. */
  async openControl(): Promise<AutogenChannel> {
    const channel = new AutogenChannel(this.#client, "OpenControlChannel", this.#headers);
    await channel.opened;
    return channel;
  }

  /** RegisterAgent. @returns undefined, or how it was refused. */
  async register(type: string): Promise<AutogenStatus | undefined> {
    return refusalIn(await this.call("RegisterAgent", RegisterAgentTypeRequest.encode({ type })));
  }

  /** Registers a type and subscribes it: `topic` by type, `topic*` by prefix. */
  async serve(type: string, ...topics: readonly string[]): Promise<void> {
    const refusals = [await this.register(type)];
    for (const topic of topics) refusals.push(await this.subscribe(topic, type));
    const refusal = refusals.find((refused) => refused !== undefined);
    if (refusal !== undefined) throw new Error(`refused: ${refusal.details}`);
  }

  /** AddSubscription: `topic` by type, `topic*` by prefix. @returns undefined, or how it was refused. */
  async subscribe(
    topic: string,
    agentType: string,
    id: string = randomUUID(),
  ): Promise<AutogenStatus | undefined> {
    const subscription = subscriptionOf(id, topic, agentType);
    return refusalIn(
      await this.call("AddSubscription", AddSubscriptionRequest.encode({ subscription })),
    );
  }

  /** RemoveSubscription. @returns undefined, or how it was refused. */
  async unsubscribe(id: string): Promise<AutogenStatus | undefined> {
    return refusalIn(
      await this.call("RemoveSubscription", RemoveSubscriptionRequest.encode({ id })),
    );
  }

  /** GetSubscriptions. */
  async subscriptions(): Promise<AutogenSubscription[]> {
    const answer = await this.call("GetSubscriptions", GetSubscriptionsRequest.encode({}));
    if (!Buffer.isBuffer(answer)) throw new Error(answer.details);
    return GetSubscriptionsResponse.decode(answer).subscriptions;
  }

  call(method: string, request: { finish(): Uint8Array }): Promise<Buffer | AutogenStatus> {
    return callAutogen(this.#client, method, this.#headers, request.finish());
  }

  /** From now on it answers the requests to agents of the type. */
  answer(type: string, answer: (request: RpcRequest) => Partial<RpcResponse>): void {
    this.#answers.set(type, answer);
  }

  /** From now on its agents of the type answer with the text that they are sent, and their key. */
  echo(type: string): void {
    this.answer(type, ({ target, payload }) => ({
      payload: json("Answer", `${target?.key}: ${payload?.data.toString()}`),
    }));
  }

  write(message: NonNullable<Message["message"]> | undefined): void {
    this.channel.write(Message.encode({ message }).finish());
  }

  /** Writes a request. @returns its id. */
  ask(target: string, text: string, fields: Partial<RpcRequest> = {}): string {
    this.#lastRequest++;
    const at = target.indexOf("/");
    const requestId = String(this.#lastRequest);
    const value: RpcRequest = {
      requestId,
      source: undefined,
      target: { type: target.slice(0, at), key: target.slice(at + 1) },
      method: "",
      payload: json("Ask", text),
      metadata: {},
      ...fields,
    };
    this.write({ $case: "request", value });
    return value.requestId;
  }

  /** Writes a request and waits for the response. */
  request(target: string, text: string, fields: Partial<RpcRequest> = {}): Promise<RpcResponse> {
    const from = this.inbox.mark;
    return this.response(this.ask(target, text, fields), from);
  }

  /** The response with this id. */
  async response(requestId: string, from = 0): Promise<RpcResponse> {
    const isWanted = ({ message }: Message): boolean =>
      message?.$case === "response" && message.value.requestId === requestId;
    const { message } = await this.inbox.first(isWanted, `the response ${requestId}`, { from });
    return message?.value as RpcResponse;
  }

  /** The `count` first requests that arrived. */
  async requests(count: number): Promise<RpcRequest[]> {
    return (await this.#several("request", count)) as RpcRequest[];
  }

  /** The `count` first events that arrived. */
  async events(count: number): Promise<CloudEvent[]> {
    return (await this.#several("cloudEvent", count)) as CloudEvent[];
  }

  /** Writes a JSON event. */
  publish(topic: string, text: string, fields: Partial<CloudEvent> = {}): void {
    const at = topic.indexOf("/");
    const value: CloudEvent = {
      id: randomUUID(),
      type: topic.slice(0, at),
      source: topic.slice(at + 1),
      specVersion: "1.0",
      attributes: attributes({
        dataschema: "Note",
        datacontenttype: "application/json",
        agmsgkind: "publish",
        agagentsendertype: "unknown",
        agagentsenderkey: "unknown",
      }),
      data: { $case: "binaryData", value: Buffer.from(text) },
      ...fields,
    };
    this.write({ $case: "cloudEvent", value });
  }

  async #several(kind: string, count: number): Promise<unknown[]> {
    const isWanted = ({ message }: Message): boolean => message?.$case === kind;
    const found = await this.inbox.several(isWanted, count, `${count} of kind ${kind}`);
    return found.map(({ message }) => message?.value);
  }

  #take(channel: AutogenChannel, arrived: Message): void {
    const { message } = arrived;
    this.inbox.add(arrived);
    if (message?.$case !== "request") return;
    const { requestId, target } = message.value;
    const answer = this.#answers.get(target?.type ?? "")?.(message.value);
    if (answer === undefined) return;
    const value = { requestId, payload: undefined, error: "", metadata: {}, ...answer };
    channel.write(Message.encode({ message: { $case: "response", value } }).finish());
  }
}

/** Attributes that are texts. */
export function attributes(texts: Readonly<Record<string, string>>): {
  [name: string]: AttributeValue;
} {
  const entries = Object.entries(texts).map(([name, value]): [string, AttributeValue] => [
    name,
    { attr: { $case: "ceString", value } },
  ]);
  return Object.fromEntries(entries);
}

/** A JSON payload of this text. */
export function json(dataType: string, text: string) {
  return { dataType, dataContentType: "application/json", data: Buffer.from(text) };
}

function subscriptionOf(id: string, topic: string, agentType: string): AutogenSubscription {
  if (topic.endsWith("*")) {
    const value = { topicTypePrefix: topic.slice(0, -1), agentType };
    return { id, subscription: { $case: "typePrefixSubscription", value } };
  }
  return {
    id,
    subscription: { $case: "typeSubscription", value: { topicType: topic, agentType } },
  };
}

function refusalIn(answer: Buffer | AutogenStatus): AutogenStatus | undefined {
  return Buffer.isBuffer(answer) ? undefined : answer;
}
