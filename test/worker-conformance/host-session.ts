/**
 * One session as the host's side of it: says what a case wants, keeps what the worker said, and does by itself what every
 * host does (answers registrations and pings, accepts publishes, acknowledges).
 */
import { AgentId, TopicId } from "@agentmesh/proto";
import type { AgentType, Hello, Subscription, Welcome } from "@agentmesh/proto/agentmesh/v1";
import {
  type DeliverFrame,
  type Ending,
  type EventFrame,
  type HostControl,
  type HostFrame,
  type PublishFrame,
  setFirstNumber,
  setReceivedThrough,
  type WorkerControl,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import { Journal } from "../support/journal.ts";
import type { WorkerStream } from "./fake-host.ts";
import { contentOf, type Errand, encodeBatch, endsOf, publishesOf, WELCOME } from "./host-words.ts";
import { nameOf, SessionRules, type WorkerRules } from "./traffic-rules.ts";

/** A frame as it came, also when it had come before. */
export interface Arrival {
  /** 0 for a frame without number. */
  readonly number: number;
  readonly frame: WorkerFrame;
}

/** What the session shares with the others of the run: numbers that never repeat. */
export class Numbers {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

export class HostSession {
  readonly resumes: boolean;
  readonly token: string;
  /** New frames, in order. */
  readonly frames = new Journal<WorkerFrame>("the worker's frames");
  /** All frames as they came. */
  readonly arrivals = new Journal<Arrival>("the worker's frames as they came");
  /** What the worker has acknowledged, batch by batch. */
  readonly acknowledged = new Journal<number>("the worker's acknowledgements");
  readonly agentTypes = new Journal<AgentType>("the announced agent types");
  readonly subscriptions = new Journal<Subscription>("the announced subscriptions");
  readonly #rules: SessionRules;
  readonly #numbers: Numbers;
  readonly #limitMs: number;
  readonly #activations = new Map<string, number>();
  #stream: WorkerStream;
  #nextNumber = 1;
  #receivedThrough = 0;
  #acknowledgedThrough = 0;
  /** False when nothing can be said or heard any more until it is resumed. */
  isOpen = true;
  /** Whether frames are acknowledged. */
  #isPolite = true;
  /** Whether publishes are answered. */
  #takesPublishes = true;

  constructor(
    stream: WorkerStream,
    hello: Hello,
    rules: WorkerRules,
    numbers: Numbers,
    limitMs: number,
  ) {
    this.#stream = stream;
    this.resumes = hello.resume;
    this.#numbers = numbers;
    this.#limitMs = limitMs;
    this.token = `token-${numbers.next()}`;
    this.#rules = new SessionRules(rules, hello.resume);
    for (const type of hello.agentTypes) this.agentTypes.add(type);
    for (const subscription of hello.subscriptions) this.subscriptions.add(subscription);
    this.#attach(stream);
  }

  /** Number of the last frame of the worker that has come. */
  get receivedThrough(): number {
    return this.#receivedThrough;
  }

  /** Number of the last frame that was said. */
  get lastNumber(): number {
    return this.#nextNumber - 1;
  }

  /** Welcomes a new session. */
  welcome(fields: Partial<Welcome> = {}): void {
    this.#welcome({ resumeToken: this.resumes ? this.token : "", ...fields }, 0);
  }

  /** Goes on over another stream, as if only the frames up to `receivedThrough` had arrived. */
  resume(stream: WorkerStream, receivedThrough: number, fields: Partial<Welcome> = {}): void {
    this.#stream = stream;
    this.isOpen = true;
    this.#attach(stream);
    this.#welcome({ resumeToken: this.token, resumed: true, ...fields }, receivedThrough);
  }

  /** Says frames as one batch. */
  say(...frames: readonly HostFrame[]): void {
    this.sayBatch(frames, this.#nextNumber);
    this.#nextNumber += frames.length;
  }

  /** Says frames with these numbers, whether or not they are due. */
  sayBatch(frames: readonly HostFrame[], firstNumber: number): void {
    for (const frame of frames) this.#note(frame);
    this.#write(encodeBatch(frames), this.resumes ? firstNumber : 0);
  }

  /** Says a control frame with a number. */
  sayControl(control: HostControl): void {
    this.say({ kind: "control", control });
  }

  /** Says a control frame without number. */
  sayAside(control: HostControl): void {
    this.#write(encodeBatch([{ kind: "control", control }]), 0);
  }

  /** Says an encoded batch of `count` frames. */
  sayBytes(batch: Buffer, count: number): void {
    this.#write(batch, this.resumes ? this.#nextNumber : 0);
    this.#nextNumber += count;
  }

  /** Breaks the stream. */
  cut(): void {
    this.isOpen = false;
    this.#stream.cut();
  }

  /** Ends the stream as a host that leaves. */
  finish(): void {
    this.isOpen = false;
    this.#stream.finish();
  }

  /** Stops to acknowledge. */
  fallSilent(): void {
    this.#isPolite = false;
  }

  /** Leaves publishes without an answer, until {@link accept}. */
  refrain(): void {
    this.#takesPublishes = false;
  }

  /** Accepts publishes that were left without an answer. */
  accept(...sequences: readonly number[]): void {
    this.say({ kind: "accepted", sequences });
  }

  /** The first `count` publishes. */
  async publishes(count: number) {
    const isIt = ({ kind }: WorkerFrame): boolean => kind === "publish";
    const what = `${count} publishes`;
    const found = await this.#expect(this.frames.several(isIt, count, what, this.#limit()), what);
    return found.filter((frame) => frame.kind === "publish");
  }

  /** A message for an agent of the announced type, not said yet. */
  async delivery(errand: Errand): Promise<DeliverFrame> {
    const { name } = await this.agentType();
    const target = new AgentId(name, errand.key ?? `k${this.#numbers.next()}`);
    return {
      kind: "deliver",
      delivery: this.#numbers.next(),
      activation: this.#activation(target),
      target,
      content: contentOf(errand),
      sender: undefined,
      timeoutMs: 0,
      id: this.#numbers.next(),
      attempt: 1,
      reenters: 0,
      streamChunks: errand.chunks ?? 0,
      streamBytes: errand.bytes ?? 0,
    };
  }

  /** Hands a message to an agent. */
  async deliver(errand: Errand): Promise<DeliverFrame> {
    const frame = await this.delivery(errand);
    this.say(frame);
    return frame;
  }

  /** Hands an event to agents with these keys. */
  async publish(keys: readonly string[], errand: Errand): Promise<EventFrame> {
    const { agentType, match } = await this.subscriptions.first(
      () => true,
      "a subscription",
      this.#limit(),
    );
    const agents = keys.map((key) => new AgentId(agentType, key));
    const event: EventFrame = {
      kind: "event",
      id: this.#numbers.next(),
      topic: new TopicId(match?.value || "posted", keys[0] ?? "nobody"),
      content: contentOf(errand),
      sender: undefined,
      targets: agents.map((agent) => ({
        delivery: this.#numbers.next(),
        activation: this.#activation(agent),
        agent,
        attempt: 1,
        lane: 1,
        durable: false,
        firstDeliveredUnixMs: 0,
        redelivered: false,
      })),
      resent: false,
      acceptedUnixMs: 0,
    };
    this.say(event);
    return event;
  }

  /** Ends an activation. */
  deactivate(delivery: DeliverFrame): void {
    this.forget(delivery);
    this.sayControl({ $case: "deactivate", value: { activations: [delivery.activation] } });
  }

  /** The activation has ended: the next delivery to its agent names another. */
  forget({ activation, target }: DeliverFrame): void {
    this.#rules.deactivated(activation);
    this.#activations.delete(target.text);
  }

  /** The agent type that messages go to. */
  agentType(): Promise<AgentType> {
    return this.agentTypes.first(() => true, "an agent type", this.#limit());
  }

  /** How a delivery ends. */
  async end({ delivery }: { readonly delivery: number }): Promise<Ending | "postponed"> {
    const isEnd = (frame: WorkerFrame): boolean => endsOf(frame).includes(delivery);
    const what = `the end of delivery ${delivery}`;
    const frame = await this.#expect(this.frames.first(isEnd, what, this.#limit()), what);
    if (frame.kind !== "turn-end") return { kind: "done" };
    return frame.ending.kind === "postponed" ? "postponed" : frame.ending;
  }

  /** The numbered or unnumbered control frame of this case. */
  async control<Case extends WorkerControl["$case"]>(name: Case, from = 0): Promise<Arrival> {
    const isIt = ({ frame }: Arrival): boolean =>
      frame.kind === "control" && frame.control.$case === name;
    return this.#expect(this.arrivals.first(isIt, name, { from, ...this.#limit() }), name);
  }

  /** Lets a stream of replies go on to its end. */
  more({ delivery }: DeliverFrame): void {
    this.say({ kind: "stream-credit", stream: delivery, chunks: 100, bytes: 0 });
  }

  /** The send that a turn makes. */
  sendOf({ delivery }: DeliverFrame): Promise<Extract<WorkerFrame, { kind: "send" }>> {
    const isIt = (frame: WorkerFrame): frame is Extract<WorkerFrame, { kind: "send" }> =>
      frame.kind === "send" && frame.parent === delivery;
    const what = `the send in the turn of delivery ${delivery}`;
    return this.#expect(this.frames.first(isIt, what, this.#limit()), what);
  }

  /** The first `count` chunks of a stream. */
  async chunks({ delivery }: DeliverFrame, count: number) {
    const isIt = (frame: WorkerFrame): boolean =>
      frame.kind === "reply-chunk" && frame.delivery === delivery;
    const what = `${count} chunks of delivery ${delivery}`;
    const several = this.frames.several(isIt, count, what, this.#limit());
    const found = await this.#expect(several, what);
    return found.filter((frame) => frame.kind === "reply-chunk");
  }

  /** Resolves when the worker has answered what was said last: what it does at once, it has done. */
  async barrier(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await this.end(
        await this.deliver({ messageType: "conformance.Barrier", data: new Uint8Array() }),
      );
    }
  }

  /** How long it waits for an answer. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** Says in few words what did not come. */
  #expect<Found>(come: Promise<Found>, what: string): Promise<Found> {
    return come.catch(() => {
      const last = this.frames.entries.slice(-3).map(nameOf).join(", ") || "nothing";
      throw new Error(`waited ${this.#limitMs} ms for ${what}; the last that came: ${last}`);
    });
  }

  #limit(): { readonly limitMs: number } {
    return { limitMs: this.#limitMs };
  }

  #activation(agent: AgentId): number {
    const known = this.#activations.get(agent.text);
    const activation = known ?? this.#numbers.next();
    this.#activations.set(agent.text, activation);
    return activation;
  }

  #note(frame: HostFrame): void {
    if (frame.kind === "deliver") {
      const { delivery, activation, streamChunks, streamBytes } = frame;
      this.#rules.delivered(delivery, activation, streamChunks, streamBytes);
    } else if (frame.kind === "event") {
      for (const { delivery, activation } of frame.targets)
        this.#rules.delivered(delivery, activation);
    } else if (frame.kind === "stream-credit") {
      this.#rules.granted(frame.stream, frame.chunks, frame.bytes);
    }
  }

  #attach(stream: WorkerStream): void {
    stream.onBatch = (bytes) => this.#take(bytes);
    stream.onEnd = () => {
      if (this.#stream === stream) this.isOpen = false;
    };
  }

  #take(bytes: Buffer): void {
    const batch = this.#rules.read(bytes);
    if (batch === undefined) return this.cut();
    this.acknowledged.add(batch.receivedThrough);
    for (const [index, frame] of batch.frames.entries())
      this.arrivals.add({ number: batch.firstNumber === 0 ? 0 : batch.firstNumber + index, frame });
    const last = batch.firstNumber + batch.count - 1;
    if (batch.firstNumber > 0) this.#receivedThrough = Math.max(this.#receivedThrough, last);
    for (const frame of this.#rules.batch(batch, bytes.length)) {
      this.#rules.frame(frame);
      this.frames.add(frame);
      if (frame.kind === "control") this.#answer(frame.control);
      else if (this.#takesPublishes) this.#acceptAll(publishesOf(frame));
    }
  }

  #acceptAll(publishes: readonly PublishFrame[]): void {
    if (publishes.length > 0) this.accept(...publishes.map(({ sequence }) => sequence));
  }

  /** Does what every host does. */
  #answer(control: WorkerControl): void {
    if (control.$case === "ping") this.sayAside({ $case: "pong", value: control.value });
    if (control.$case === "registerAgentType" && control.value.agentType !== undefined)
      this.agentTypes.add(control.value.agentType);
    if (control.$case === "subscribe" && control.value.subscription !== undefined)
      this.subscriptions.add(control.value.subscription);
    // When the last agent has moved, a case knows.
    const isForCase = control.$case === "loadState" || control.$case === "drain";
    if ("request" in control.value && !isForCase)
      this.sayControl({
        $case: "answer",
        value: { request: control.value.request, error: undefined },
      });
  }

  #welcome(fields: Partial<Welcome>, receivedThrough: number): void {
    const control: HostControl = { $case: "welcome", value: { ...WELCOME, ...fields } };
    const batch = encodeBatch([{ kind: "control", control }]);
    setReceivedThrough(batch, receivedThrough);
    this.#stream.write(batch);
  }

  #write(batch: Buffer, firstNumber: number): void {
    setFirstNumber(batch, firstNumber);
    if (this.#isPolite) this.#acknowledgedThrough = this.#receivedThrough;
    setReceivedThrough(batch, this.resumes ? this.#acknowledgedThrough : 0);
    this.#stream.write(batch);
  }
}
