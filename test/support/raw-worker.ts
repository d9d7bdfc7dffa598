/**
 * A scripted worker on a real socket. It knows the wire and the bookkeeping of a session (numbers, acknowledgements,
 * what to send again), and nothing else: it answers no message unless the test says so.
 *
 *     const worker = await RawWorker.connect(address, { types: ["oracle"] });
 *     worker.write(send(1, "oracle/delphi", "why?"));
 *     const deliver = await worker.next("deliver");
 *     worker.write(reply(deliver, "42"));
 *     const result = await worker.result(1);
 */
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import {
  type Ending,
  type HostControl,
  type HostFrame,
  readHostBatch,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import { encodeBatch } from "./batches.ts";
import { type ControlOf, FrameMail, type FrameOf, isKind } from "./frame-mail.ts";
import { agentType, control, hello, type SendFields, send, subscription } from "./frames.ts";
import { RawStream, type StreamEnd } from "./raw-stream.ts";
import { until } from "./waiting.ts";

export interface RawWorkerOptions {
  /** Names of the agent types to announce. */
  readonly types?: readonly string[];
  /** Subscriptions to declare, as `topicType -> agentType`; `prefix* -> agentType` for a prefix. */
  readonly subscriptions?: readonly string[];
  /** Fields of Hello that are not those of a plain worker with resume. */
  readonly hello?: Partial<Hello>;
  /** Metadata of the stream. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether batches acknowledge what has arrived. Default true. */
  readonly acknowledges?: boolean;
  /** Whether a Ping is answered. Default true. */
  readonly answersPings?: boolean;
}

/** Request numbers of the worker's own questions, far from those that tests choose. */
const FIRST_OWN_REQUEST = 1_000_000;

export class RawWorker {
  readonly #address: string;
  readonly #hello: Hello;
  readonly #options: RawWorkerOptions;
  #stream: RawStream | undefined;
  #welcome: Welcome | undefined;
  /** What the host has not acknowledged; `#nextNumber - 1` is the number of the last. */
  #kept: WorkerFrame[] = [];
  #nextNumber = 1;
  #receivedThrough = 0;
  readonly #mail = new FrameMail();
  #ownRequest = FIRST_OWN_REQUEST;
  #isFirstBatch = true;
  /** It broke its stream itself. */
  #isAway = false;

  constructor(address: string, options: RawWorkerOptions = {}) {
    this.#address = address;
    this.#options = options;
    const subscriptions = (options.subscriptions ?? []).map((text, index) => {
      const [match = "", type = ""] = text.split(" -> ");
      return subscription(`s${index}`, match, type);
    });
    const agentTypes = (options.types ?? []).map((name) => agentType(name));
    this.#hello = hello({ agentTypes, subscriptions, ...options.hello });
  }

  /** Opens a session. Fails with what the host said when it refuses. */
  static async connect(address: string, options: RawWorkerOptions = {}): Promise<RawWorker> {
    const worker = new RawWorker(address, options);
    await worker.open();
    return worker;
  }

  get instanceId(): string {
    return this.#hello.instanceId;
  }

  /** The latest Welcome. */
  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new Error("the worker has not been welcomed yet");
    return this.#welcome;
  }

  /** The latest stream. */
  get stream(): RawStream {
    if (this.#stream === undefined) throw new Error("the worker has no stream yet");
    return this.#stream;
  }

  /** Resolves with the end of the latest stream. */
  get ended(): Promise<StreamEnd> {
    return this.stream.ended;
  }

  /** Number of the last frame of the host that has arrived. */
  get receivedThrough(): number {
    return this.#receivedThrough;
  }

  /** How many frames the host has not acknowledged. */
  get unacknowledged(): number {
    return this.#kept.length;
  }

  /** Opens a stream, says Hello with these changes and waits for Welcome. The session may be new or go on. */
  open(changes: Partial<Hello> = {}): Promise<Welcome> {
    return this.#greet({ ...this.#hello, ...changes });
  }

  /** Says Hello with these changes and expects to be refused. @returns how the stream ended. */
  async refused(changes: Partial<Hello> = {}): Promise<StreamEnd> {
    const outcome = await this.#greet({ ...this.#hello, ...changes }).then(
      () => "welcomed",
      () => "refused",
    );
    if (outcome === "welcomed")
      throw new Error("the host welcomed a worker that it should have refused");
    return this.ended;
  }

  /** Continues the session on a new stream; what the host has not received leaves again. */
  resume(changes: Partial<Hello> = {}): Promise<Welcome> {
    const { resumeToken } = this.welcome;
    return this.open({ agentTypes: [], subscriptions: [], resumeToken, ...changes });
  }

  /**
   * Breaks the stream without a word. What is written from now on waits for {@link resume}, and so does who waits for
   * a frame.
   */
  async cut(): Promise<void> {
    this.#isAway = true;
    await this.stream.cut();
  }

  /** Breaks the stream and stays away. */
  async close(): Promise<void> {
    this.#isAway = false;
    if (this.#stream !== undefined && this.#stream.end === undefined) await this.#stream.cut();
    else this.#mail.refuse("the worker was closed");
  }

  /** Sends frames as one batch. */
  write(...frames: readonly WorkerFrame[]): void {
    if (!this.#hello.resume) {
      this.writeBytes(encodeBatch(frames, 0, 0));
      return;
    }
    const first = this.#nextNumber;
    this.#nextNumber += frames.length;
    this.#kept.push(...frames);
    if (this.#stream?.end === undefined)
      this.writeBytes(encodeBatch(frames, first, this.#acknowledged()));
  }

  /** Sends a frame outside of the numbering. */
  writeUnnumbered(frame: WorkerFrame): void {
    this.writeBytes(encodeBatch([frame], 0, this.#acknowledged()));
  }

  /** Sends bytes as they are. `numbers` says how many numbered frames they hold; they are not kept for a resume. */
  writeBytes(bytes: Buffer, numbers = 0): void {
    this.#nextNumber += numbers;
    this.stream.write(bytes);
  }

  /** Forgets what has arrived, or claims that another number has. */
  forget(receivedThrough = 0): void {
    this.#receivedThrough = receivedThrough;
  }

  /** Waits until the host has acknowledged everything that was written. */
  async untilAcknowledged(): Promise<void> {
    await until(() => this.unacknowledged === 0, "the host's acknowledgement");
  }

  /** Acknowledges what has arrived, or another number, in a batch of its own. */
  acknowledge(through = this.#receivedThrough): void {
    this.writeBytes(encodeBatch([], 0, through));
  }

  /** Takes the oldest frame of this kind, waiting for it when it has not arrived. */
  next<Kind extends HostFrame["kind"]>(
    kind: Kind,
    isWanted: (frame: FrameOf<Kind>) => boolean = () => true,
  ): Promise<FrameOf<Kind>> {
    return this.#mail.next(
      kind,
      (frame): frame is FrameOf<Kind> => isKind(frame, kind) && isWanted(frame),
    );
  }

  /** Takes the oldest control frame of this case, waiting for it when it has not arrived. */
  async nextControl<Case extends HostControl["$case"]>(name: Case): Promise<ControlOf<Case>> {
    const isWanted = (frame: HostFrame): frame is FrameOf<"control"> =>
      frame.kind === "control" && frame.control.$case === name;
    const { control: frame } = await this.#mail.next(name, isWanted);
    return frame.value as ControlOf<Case>;
  }

  /** How the send with this number settles. */
  async result(request: number): Promise<Ending> {
    const { ending } = await this.next("result", (frame) => frame.request === request);
    return ending;
  }

  /** Sends to `type/key` from outside of any agent. @returns how it settles. */
  ask(target: string, text: string, fields: SendFields = {}): Promise<Ending> {
    const request = this.#nextOwnRequest();
    this.write(send(request, target, text, fields));
    const settled = this.result(request);
    // A test that fails before it looks at the result has said enough.
    settled.catch(() => {});
    return settled;
  }

  /** Takes everything of this kind that has arrived, without waiting. */
  taken<Kind extends HostFrame["kind"]>(kind: Kind): FrameOf<Kind>[] {
    return this.#mail.takeAll(kind);
  }

  /**
   * Waits until the host has handled everything that this worker wrote, and everything that the host sent to it before
   * has arrived. To be sure that nothing came to another worker, await the barrier of the one that acts, then its own.
   */
  async barrier(): Promise<void> {
    await this.ask("barrier.of.nobody/here", "");
  }

  /** Acknowledges everything and waits until the host knows. */
  async settleUp(): Promise<void> {
    await this.barrier();
    this.acknowledge();
    this.writeUnnumbered(control({ $case: "ping", value: { nonce: 1 } }));
    await this.nextControl("pong");
  }

  /** Leaves: the session ends at once. */
  async leave(): Promise<void> {
    this.write(control({ $case: "goodbye", value: {} }));
    await this.ended;
  }

  #nextOwnRequest(): number {
    this.#ownRequest += 1;
    return this.#ownRequest;
  }

  #acknowledged(): number {
    return this.#options.acknowledges === false ? 0 : this.#receivedThrough;
  }

  async #greet(words: Hello): Promise<Welcome> {
    const events = { onBatch: (bytes: Buffer) => this.#take(bytes), onEnd: () => this.#noteEnd() };
    this.#isFirstBatch = true;
    this.#isAway = false;
    this.#stream = new RawStream(this.#address, events, this.#options.headers);
    const received = words.resumeToken === "" ? 0 : this.#receivedThrough;
    this.#stream.write(encodeBatch([control({ $case: "hello", value: words })], 0, received));
    return this.nextControl("welcome");
  }

  #startAnew(): void {
    this.#kept = [];
    this.#nextNumber = 1;
    this.#receivedThrough = 0;
    this.#mail.clear();
  }

  #sendAgain(): void {
    const first = this.#nextNumber - this.#kept.length;
    this.writeBytes(encodeBatch(this.#kept, first, this.#acknowledged()));
  }

  #take(bytes: Buffer): void {
    const { firstNumber, receivedThrough, frames, count } = readHostBatch(bytes);
    this.#dropKept(receivedThrough);
    // What comes with a number again was received before the stream broke.
    const skip = firstNumber === 0 ? 0 : Math.max(0, this.#receivedThrough + 1 - firstNumber);
    if (firstNumber > this.#receivedThrough + 1)
      throw new Error(`the host left out frame ${this.#receivedThrough + 1}`);
    if (firstNumber > 0)
      this.#receivedThrough = Math.max(this.#receivedThrough, firstNumber + count - 1);
    this.#checkFirst(frames);
    for (const frame of frames.slice(skip)) this.#hand(frame);
  }

  #checkFirst(frames: readonly HostFrame[]): void {
    const [first] = frames;
    const isWelcome = first?.kind === "control" && first.control.$case === "welcome";
    if (this.#isFirstBatch !== isWelcome)
      throw new Error("Welcome must be the host's first frame, and no other");
    this.#isFirstBatch = false;
  }

  #dropKept(receivedThrough: number): void {
    const firstKept = this.#nextNumber - this.#kept.length;
    if (receivedThrough >= firstKept) this.#kept.splice(0, receivedThrough - firstKept + 1);
  }

  #hand(frame: HostFrame): void {
    if (frame.kind === "control") this.#obey(frame.control);
    this.#mail.put(frame);
  }

  #obey(frame: HostControl): void {
    if (frame.$case === "welcome") this.#begin(frame.value);
    else if (frame.$case === "ping" && this.#options.answersPings !== false) {
      this.writeUnnumbered(control({ $case: "pong", value: { nonce: frame.value.nonce } }));
    }
  }

  #begin(welcome: Welcome): void {
    this.#welcome = welcome;
    if (!welcome.resumed) this.#startAnew();
    else if (this.#kept.length > 0) this.#sendAgain();
  }

  #noteEnd(): void {
    if (!this.#isAway) this.#mail.refuse(`the stream ended: ${this.stream.end?.details}`);
  }
}
