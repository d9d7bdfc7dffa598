/**
 * A host that does nothing by itself, on a real socket: tests read what a worker sends, and say what it is told, to the
 * byte when they want to lie.
 */
import { ERROR_TABLE, ERROR_TYPE_URL, type Failure, GRPC_STATUS, METADATA } from "@agentmesh/proto";
import {
  appendHostFrame,
  encodeFailure,
  type HostControl,
  type HostFrame,
  openBatch,
  readWorkerBatch,
  setFirstNumber,
  setReceivedThrough,
  WireWriter,
  type WorkerControl,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import { Metadata, Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";

/** A control frame of a worker, by its name. */
type Said<Case extends WorkerControl["$case"]> = Extract<WorkerControl, { $case: Case }>;
type Hello = Said<"hello">["value"];
type Welcome = Extract<HostControl, { $case: "welcome" }>["value"];

const pass = (bytes: Buffer): Buffer => bytes;

const CODEC = {
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
};

type Connect = ServerDuplexStream<Buffer, Buffer>;

/** A queue that tests wait on. */
class Arrivals<Item> {
  readonly #items: Item[] = [];
  readonly #waiting: ((item: Item) => void)[] = [];

  add(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  }

  next(): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get waiting(): number {
    return this.#items.length;
  }
}

/** One stream of a worker. */
export class FakeStream {
  /** What the worker said first. */
  readonly hello: Hello;
  /** What it says that it has received, in its Hello. */
  readonly resumesFrom: number;
  readonly metadata: Metadata;
  /** All numbered frames, by their numbers. */
  readonly frames = new Map<number, WorkerFrame>();
  /** Number of the last frame that has arrived; what later batches acknowledge. */
  receivedThrough = 0;
  /** Number of the next frame that {@link say} sends. */
  nextNumber = 1;
  readonly #call: Connect;
  readonly #arrivals = new Arrivals<WorkerFrame>();
  readonly #unnumbered = new Arrivals<WorkerControl>();
  readonly #acknowledged = new Arrivals<number>();
  readonly #ended: Promise<void>;

  constructor(call: Connect, hello: Hello, resumesFrom: number) {
    this.#call = call;
    this.hello = hello;
    this.resumesFrom = resumesFrom;
    this.metadata = call.metadata;
    this.#ended = new Promise((resolve) => {
      call.on("end", resolve);
      call.on("cancelled", resolve);
      call.on("close", resolve);
    });
  }

  /** A batch after Hello has arrived. */
  take(bytes: Buffer): void {
    const { firstNumber, receivedThrough, frames } = readWorkerBatch(bytes);
    this.#acknowledged.add(receivedThrough);
    for (const [index, frame] of frames.entries()) {
      if (firstNumber === 0) {
        if (frame.kind === "control") this.#unnumbered.add(frame.control);
        continue;
      }
      const number = firstNumber + index;
      this.frames.set(number, frame);
      if (number <= this.receivedThrough) continue;
      this.receivedThrough = number;
      this.#arrivals.add(frame);
    }
  }

  /** The next numbered frame. */
  frame(): Promise<WorkerFrame> {
    return this.#arrivals.next();
  }

  /** The next numbered frame, which must be of this kind. */
  async frameOf<Kind extends WorkerFrame["kind"]>(
    kind: Kind,
  ): Promise<Extract<WorkerFrame, { kind: Kind }>> {
    const frame = await this.frame();
    if (!isOfKind(frame, kind)) throw new Error(`got a frame ${frame.kind} instead of ${kind}`);
    return frame;
  }

  /** The next numbered control frame, which must be of this case. */
  async controlOf<Case extends WorkerControl["$case"]>(name: Case): Promise<Said<Case>> {
    const { control } = await this.frameOf("control");
    if (!isOfCase(control, name)) throw new Error(`got ${control.$case} instead of ${name}`);
    return control;
  }

  /** The next frame without number: Ping or Pong. */
  unnumbered(): Promise<WorkerControl> {
    return this.#unnumbered.next();
  }

  /** What the next batch acknowledges. */
  acknowledgement(): Promise<number> {
    return this.#acknowledged.next();
  }

  /** Numbered frames that nobody has looked at. */
  get unseen(): number {
    return this.#arrivals.waiting;
  }

  /** Welcomes the worker. */
  welcome(welcome: Partial<Welcome> = {}, receivedThrough = this.receivedThrough): void {
    const control: HostControl = { $case: "welcome", value: { ...SOME_WELCOME, ...welcome } };
    this.sendBatch([{ kind: "control", control }], 0, receivedThrough);
  }

  /** Sends numbered frames in one batch. */
  say(...frames: HostFrame[]): void {
    this.sendBatch(frames, this.nextNumber, this.receivedThrough);
    this.nextNumber += frames.length;
  }

  /** Sends one numbered control frame. */
  sayControl(control: HostControl): void {
    this.say({ kind: "control", control });
  }

  /** Sends a batch, as it is. */
  sendBatch(frames: readonly HostFrame[], firstNumber: number, receivedThrough: number): void {
    const writer = new WireWriter();
    openBatch(writer);
    for (const frame of frames) appendHostFrame(writer, frame);
    const bytes = writer.copy();
    setFirstNumber(bytes, firstNumber);
    setReceivedThrough(bytes, receivedThrough);
    this.sendBytes(bytes);
  }

  /** Sends bytes. */
  sendBytes(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** Ends the stream; with `reason` as hosts do it, without as broken connections do. */
  end(reason?: Failure): void {
    if (reason !== undefined) this.#call.emit("error", statusOf(reason));
    else this.#call.emit("error", { code: GRPC_STATUS.UNAVAILABLE, details: "cut" });
  }

  /** Ends the stream as who has nothing more to say. */
  finish(): void {
    this.#call.end();
  }

  /** Resolves when the worker has ended the stream, or it broke. */
  ended(): Promise<void> {
    return this.#ended;
  }
}

/** A host that speaks the protocol and leaves the rest to the test. */
export class FakeHost implements AsyncDisposable {
  readonly #server: Server;
  readonly #streams = new Arrivals<FakeStream>();
  /** Called with every Hello; what it returns refuses the stream. */
  refuse: (hello: Hello, metadata: Metadata) => Failure | undefined = () => undefined;
  #port = 0;

  private constructor() {
    this.#server = new Server({ "grpc.max_receive_message_length": -1 });
    this.#server.addService(
      {
        Connect: {
          ...CODEC,
          path: "/agentmesh.v1.GatewayService/Connect",
          requestStream: true,
          responseStream: true,
        },
      },
      { Connect: (call: Connect) => this.#connect(call) },
    );
  }

  /** Starts a host. `port` 0 takes any. */
  static async start(port = 0): Promise<FakeHost> {
    const host = new FakeHost();
    await host.#listen(port);
    return host;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The next stream whose Hello has arrived. */
  stream(): Promise<FakeStream> {
    return this.#streams.next();
  }

  /** Streams that nobody has looked at. */
  get unseen(): number {
    return this.#streams.waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      this.#server.bindAsync(`127.0.0.1:${port}`, insecure, (error, bound) => {
        this.#port = bound;
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  #connect(call: Connect): void {
    let stream: FakeStream | undefined;
    call.on("error", () => undefined);
    call.on("data", (bytes: Buffer) => {
      if (stream !== undefined) stream.take(bytes);
      else stream = this.#hello(call, bytes);
    });
  }

  #hello(call: Connect, bytes: Buffer): FakeStream | undefined {
    const { frames, receivedThrough } = readWorkerBatch(bytes);
    const [frame] = frames;
    if (frame?.kind !== "control" || frame.control.$case !== "hello") {
      throw new Error("the first batch is not one Hello");
    }
    const hello = frame.control.value;
    const stream = new FakeStream(call, hello, receivedThrough);
    const reason = this.refuse(hello, call.metadata);
    if (reason === undefined) this.#streams.add(stream);
    else stream.end(reason);
    return stream;
  }
}

const SOME_WELCOME: Welcome = {
  version: 1,
  features: [],
  hostId: "fake",
  hostVersion: "0",
  sessionId: "s",
  resumeToken: "token",
  resumed: false,
  lapsedThrough: 0,
  replayThrough: 0,
  leaseMs: 1_500,
  sessionGraceMs: 30_000,
  heartbeatMs: 2_500,
  livenessMs: 8_000,
  maxPayloadBytes: 1_000_000,
  requestWindow: 100,
  requestWindowBytes: 1_000_000,
  replayBytes: 1_000_000,
  alternateAddresses: [],
  adopted: [],
  defaultTimeoutMs: 30_000,
};

/** A failure as hosts end calls with it. */
export function statusOf(reason: Failure): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  const any = new WireWriter();
  any.text(0x0a, ERROR_TYPE_URL);
  any.bytes(0x12, encodeFailure(reason));
  const status = new WireWriter();
  status.number(0x08, GRPC_STATUS[ERROR_TABLE[reason.code].status]);
  status.text(0x12, reason.text);
  status.bytes(0x1a, any.copy());
  metadata.set(METADATA.statusDetails, status.copy());
  const code = GRPC_STATUS[ERROR_TABLE[reason.code].status];
  return { code, details: `${reason.code}: ${reason.text}`, metadata };
}

function isOfKind<Kind extends WorkerFrame["kind"]>(
  frame: WorkerFrame,
  kind: Kind,
): frame is Extract<WorkerFrame, { kind: Kind }> {
  return frame.kind === kind;
}

function isOfCase<Case extends WorkerControl["$case"]>(
  control: WorkerControl,
  name: Case,
): control is Said<Case> {
  return control.$case === name;
}
