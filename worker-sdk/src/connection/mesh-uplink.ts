import type {
  PublishFrame,
  ReplyChunkFrame,
  SendFrame,
  TurnEndFrame,
  WorkerControl,
  WorkerFrame,
} from "@agentmesh/proto/wire";
import { toAgentTypes, toSubscription } from "./announcement.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { AnnouncedSubscription, AnnouncedType, Downlink, Uplink } from "./mesh-port.ts";

/** The way of a runtime to a host: what it says, as frames of the protocol. */
export class MeshUplink implements Uplink {
  readonly #connection: Connection;
  /** Deliveries of events that were handled and of which the host has not been told, by activation. */
  readonly #handled = new Map<number, number[]>();

  constructor(options: ConnectionOptions, downlink: Downlink) {
    this.#connection = new Connection(options, downlink);
  }

  /** Connects for the first time. @throws MeshError as {@link Connection.open}. */
  open(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#connection.open(limitMs, signal);
  }

  get contactUntil(): number {
    return this.#connection.contactUntil;
  }

  send(frame: SendFrame): number {
    return this.#send(frame);
  }

  publish(frame: PublishFrame): number {
    return this.#send(frame);
  }

  turnEnd(frame: TurnEndFrame): void {
    this.#send(frame);
  }

  done(activation: number, delivery: number): void {
    const handled = this.#handled.get(activation);
    if (handled !== undefined) {
      handled.push(delivery);
      return;
    }
    if (this.#handled.size === 0) process.nextTick(this.#tellHandled);
    this.#handled.set(activation, [delivery]);
  }

  replyChunk(frame: ReplyChunkFrame): void {
    this.#send(frame);
  }

  streamCredit(stream: number, chunks: number, bytes: number): void {
    this.#send({ kind: "stream-credit", stream, chunks, bytes });
  }

  cancel(request: number): void {
    this.#send({ kind: "cancel", request });
  }

  idle(activations: readonly number[]): void {
    this.#control({ $case: "idle", value: { activations: [...activations] } });
  }

  release(deliveries: readonly number[]): void {
    this.#control({ $case: "release", value: { deliveries: [...deliveries] } });
  }

  register(type: AnnouncedType, signal: AbortSignal): Promise<void> {
    const [agentType] = toAgentTypes([type]);
    return this.#ask(
      (request) => ({ $case: "registerAgentType", value: { request, agentType } }),
      signal,
    );
  }

  unregister(name: string, signal: AbortSignal): Promise<void> {
    return this.#ask(
      (request) => ({ $case: "unregisterAgentType", value: { request, name } }),
      signal,
    );
  }

  subscribe(announced: AnnouncedSubscription, signal: AbortSignal): Promise<void> {
    const subscription = toSubscription(announced);
    return this.#ask(
      (request) => ({ $case: "subscribe", value: { request, subscription } }),
      signal,
    );
  }

  unsubscribe(id: string, signal: AbortSignal): Promise<void> {
    return this.#ask(
      (request) => ({ $case: "unsubscribe", value: { request, id, durableName: "" } }),
      signal,
    );
  }

  endDurable(durableName: string, signal: AbortSignal): Promise<void> {
    return this.#ask(
      (request) => ({ $case: "unsubscribe", value: { request, id: "", durableName } }),
      signal,
    );
  }

  drain(): Promise<void> {
    return this.#ask((request) => ({ $case: "drain", value: { request } }));
  }

  close(): Promise<void> {
    this.#tellHandled();
    return this.#connection.close();
  }

  #send(frame: WorkerFrame): number {
    if (this.#handled.size > 0) this.#tellHandled();
    return this.#connection.send(frame);
  }

  #control(control: WorkerControl): void {
    this.#send({ kind: "control", control });
  }

  /** Many events end in one frame: those that the same agent has handled since the last one. */
  readonly #tellHandled = (): void => {
    for (const [activation, deliveries] of this.#handled) {
      this.#connection.send({ kind: "done", activation, deliveries });
    }
    this.#handled.clear();
  };

  #ask(make: (request: number) => WorkerControl, signal?: AbortSignal): Promise<void> {
    const { questions } = this.#connection;
    return questions.ask(make, (control) => this.#control(control), signal);
  }
}
