/** A mesh that does nothing by itself: tests read what a runtime sends, and say what it is told. */
import type { Failure } from "@agentmesh/proto";
import { AgentId, topicId } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import {
  type ContentBytes,
  type DeliverFrame,
  decodeContent,
  type Ending,
  type EventTarget,
  encodeContent,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type TurnEndFrame,
} from "@agentmesh/proto/wire";
import type {
  AnnouncedSubscription,
  AnnouncedType,
  Downlink,
  Uplink,
} from "../connection/mesh-port.ts";
import { RuntimeCore } from "../runtime/core.ts";
import { AgentRuntime } from "../runtime/runtime.ts";

/** What was said beside the frames that have a list of their own. */
export interface Saying {
  readonly kind: string;
  readonly numbers: readonly number[];
}

export class ScriptedMesh implements Uplink {
  contactUntil = Number.POSITIVE_INFINITY;
  readonly sends: SendFrame[] = [];
  readonly publishes: PublishFrame[] = [];
  readonly ends: TurnEndFrame[] = [];
  readonly chunks: ReplyChunkFrame[] = [];
  /** Everything else, in order. */
  readonly said: Saying[] = [];
  readonly registered: AnnouncedType[] = [];
  readonly subscribed: AnnouncedSubscription[] = [];
  /** Answers questions; throws to refuse. */
  answer: (question: string) => void | Promise<void> = () => undefined;
  #place = 0;

  send(frame: SendFrame): number {
    this.sends.push({ ...frame });
    return ++this.#place;
  }

  publish(frame: PublishFrame): number {
    this.publishes.push({
      kind: "publish",
      sequence: frame.sequence,
      topic: frame.topic,
      content: frame.content,
      activation: frame.activation,
      parent: frame.parent,
      delayMs: frame.delayMs,
      dedupId: frame.dedupId,
      resent: frame.resent,
    });
    return ++this.#place;
  }

  turnEnd(frame: TurnEndFrame): void {
    this.ends.push(frame);
  }

  done(activation: number, delivery: number): void {
    this.#say("done", activation, delivery);
  }

  replyChunk(frame: ReplyChunkFrame): void {
    this.chunks.push(frame);
  }

  streamCredit(stream: number, chunks: number, bytes: number): void {
    this.#say("stream-credit", stream, chunks, bytes);
  }

  cancel(request: number): void {
    this.#say("cancel", request);
  }

  idle(activations: readonly number[]): void {
    this.#say("idle", ...activations);
  }

  release(deliveries: readonly number[]): void {
    this.#say("release", ...deliveries);
  }

  async register(type: AnnouncedType): Promise<void> {
    this.registered.push(type);
    await this.answer(`register ${type.name}`);
  }

  async unregister(name: string): Promise<void> {
    this.said.push({ kind: `unregister ${name}`, numbers: [] });
    await this.answer(`unregister ${name}`);
  }

  async subscribe(subscription: AnnouncedSubscription): Promise<void> {
    this.subscribed.push(subscription);
    await this.answer(`subscribe ${JSON.stringify(subscription.pattern)}`);
  }

  async unsubscribe(id: string): Promise<void> {
    this.said.push({ kind: `unsubscribe ${id}`, numbers: [] });
    await this.answer(`unsubscribe ${id}`);
  }

  async endDurable(name: string): Promise<void> {
    this.said.push({ kind: `end ${name}`, numbers: [] });
    await this.answer(`end ${name}`);
  }

  async drain(): Promise<void> {
    this.#say("drain");
    await this.answer("drain");
  }

  async close(): Promise<void> {
    this.#say("close");
  }

  /** Numbers of all sayings of one kind. */
  numbersOf(kind: string): (readonly number[])[] {
    return this.said.filter((saying) => saying.kind === kind).map(({ numbers }) => numbers);
  }

  /** How deliveries ended, as `delivery: code or reply`. */
  get endings(): string[] {
    return this.ends.map(({ delivery, ending }) => `${delivery}: ${endingText(ending)}`);
  }

  #say(kind: string, ...numbers: number[]): void {
    this.said.push({ kind, numbers });
  }
}

function endingText(ending: TurnEndFrame["ending"]): string {
  if (ending.kind === "failed") return ending.failure.code;
  return ending.kind === "reply" ? JSON.stringify(jsonOf(ending.content)) : ending.kind;
}

/** A runtime over a {@link ScriptedMesh}, with its time. */
export interface Scripted {
  readonly clock: FakeClock;
  readonly mesh: ScriptedMesh;
  readonly core: RuntimeCore<ScriptedMesh>;
  readonly runtime: AgentRuntime;
  /** Hands a send over. @returns the number of the delivery. */
  deliver(frame: Partial<DeliverFrame>): number;
  /** Hands an event over to one agent. @returns the number of the delivery. */
  event(content: ContentBytes, target: Partial<EventTarget>): number;
  /** Settles a send. */
  settle(request: number, ending: Ending): void;
  /** Settles a send with a failure. */
  fail(request: number, failure: Failure): void;
}

/** Makes a runtime whose mesh is open and scripted. */
export function scripted(): Scripted {
  const clock = new FakeClock();
  const options = { clock, maxTurnMs: 60_000, turnGraceMs: 1_000 };
  let downlink: Downlink | undefined;
  const core = new RuntimeCore(options, (given) => {
    downlink = given;
    return new ScriptedMesh();
  });
  if (downlink === undefined) throw new Error("the runtime was not connected");
  core.flow(true);
  let lastDelivery = 0;
  return {
    clock,
    mesh: core.uplink,
    core,
    runtime: new AgentRuntime(core),
    deliver(frame) {
      lastDelivery++;
      core.deliver({ ...SOME_DELIVERY, delivery: lastDelivery, id: lastDelivery, ...frame });
      return lastDelivery;
    },
    event(content, target) {
      lastDelivery++;
      core.event({
        kind: "event",
        id: lastDelivery,
        topic: topicId("news", "k"),
        content,
        sender: undefined,
        targets: [{ ...SOME_TARGET, delivery: lastDelivery, ...target }],
        resent: false,
        acceptedUnixMs: 0,
      });
      return lastDelivery;
    },
    settle: (request, ending) => core.result({ kind: "result", request, ending }),
    fail: (request, failure) =>
      core.result({ kind: "result", request, ending: { kind: "failed", failure } }),
  };
}

const SOME_AGENT = new AgentId("worker", "k");

const SOME_DELIVERY: DeliverFrame = {
  kind: "deliver",
  delivery: 0,
  activation: 1,
  target: SOME_AGENT,
  content: new Uint8Array(0),
  sender: undefined,
  timeoutMs: 0,
  id: 0,
  attempt: 1,
  reenters: 0,
  streamChunks: 0,
  streamBytes: 0,
};

const SOME_TARGET: EventTarget = {
  delivery: 0,
  activation: 1,
  agent: SOME_AGENT,
  attempt: 1,
  lane: 0,
  durable: false,
  firstDeliveredUnixMs: 0,
  redelivered: false,
};

/** A message of JSON, as it travels. */
export function jsonContent(messageType: string, value: unknown): ContentBytes {
  return encodeContent({
    messageType,
    contentType: "",
    data: Buffer.from(JSON.stringify(value)),
    traceparent: "",
    tracestate: "",
    metadata: undefined,
    messageId: "",
  });
}

/** The JSON of a message that travels. */
export function jsonOf(content: ContentBytes): unknown {
  return JSON.parse(Buffer.from(decodeContent(content).data).toString());
}

/** Lets everything happen that is due without time passing. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** A promise that a test resolves. */
export class Gate {
  readonly passed: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
