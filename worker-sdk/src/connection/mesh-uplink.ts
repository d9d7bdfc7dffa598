import type { PublishFrame, ReplyChunkFrame, SendFrame, TurnEndFrame } from "@agentmesh/proto/wire";
import { toAgentType, toSubscription } from "./announcement.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { AnnouncedSubscription, AnnouncedType, Downlink, Uplink } from "./mesh-port.ts";

/** The way of a runtime to a host: what it says, as frames of the protocol. */
export class MeshUplink implements Uplink {
  readonly #connection: Connection;

  constructor(options: ConnectionOptions, downlink: Downlink) {
    this.#connection = new Connection(options, downlink);
  }

  /** Connects for the first time. @throws MeshError as {@link Connection.open}. */
  open(limitMs: number): Promise<void> {
    return this.#connection.open(limitMs);
  }

  send(frame: SendFrame): number {
    return this.#connection.send(frame);
  }

  publish(frame: PublishFrame): number {
    return this.#connection.send(frame);
  }

  turnEnd(frame: TurnEndFrame): void {
    this.#connection.send(frame);
  }

  done(activation: number, delivery: number): void {
    this.#connection.send({ kind: "done", activation, deliveries: [delivery] });
  }

  replyChunk(frame: ReplyChunkFrame): void {
    this.#connection.send(frame);
  }

  streamCredit(stream: number, chunks: number, bytes: number): void {
    this.#connection.send({ kind: "stream-credit", stream, chunks, bytes });
  }

  cancel(request: number): void {
    this.#connection.send({ kind: "cancel", request });
  }

  idle(activations: readonly number[]): void {
    this.#connection.control({ $case: "idle", value: { activations: [...activations] } });
  }

  release(deliveries: readonly number[]): void {
    this.#connection.control({ $case: "release", value: { deliveries: [...deliveries] } });
  }

  register(type: AnnouncedType): Promise<void> {
    const agentType = toAgentType(type);
    return this.#ask((request) => ({ $case: "registerAgentType", value: { request, agentType } }));
  }

  unregister(name: string): Promise<void> {
    return this.#ask((request) => ({ $case: "unregisterAgentType", value: { request, name } }));
  }

  subscribe(announced: AnnouncedSubscription): Promise<void> {
    const subscription = toSubscription(announced);
    return this.#ask((request) => ({ $case: "subscribe", value: { request, subscription } }));
  }

  unsubscribe(id: string): Promise<void> {
    return this.#ask((request) => ({
      $case: "unsubscribe",
      value: { request, id, durableName: "" },
    }));
  }

  drain(): Promise<void> {
    return this.#ask((request) => ({ $case: "drain", value: { request } }));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #ask(make: Parameters<Connection["questions"]["ask"]>[0]): Promise<void> {
    const { questions } = this.#connection;
    return questions.ask(make, (control) => this.#connection.control(control));
  }
}
