/** One Connect stream of a scripted worker: batches as bytes, on @grpc/grpc-js and nothing else. */
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
} from "@grpc/grpc-js";
import { errorOf, type Told } from "./told.ts";
import { within } from "./waiting.ts";

const CONNECT = "/agentmesh.v1.GatewayService/Connect";

const raw = (bytes: Buffer): Buffer => bytes;

export interface RawStreamEvents {
  /** A batch has arrived. */
  onBatch(bytes: Buffer): void;
  /** The stream has ended. */
  onEnd(): void;
}

/** How a stream ended. */
export interface StreamEnd {
  /** Number of the gRPC status. */
  readonly status: number;
  /** Text of the gRPC status. */
  readonly details: string;
  /** The agentmesh.v1.Error of the status, where there is one. */
  readonly error: Told | undefined;
}

/** A channel of its own and one stream on it: cutting one worker cuts no other. */
export class RawStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #metadata: Promise<Metadata>;
  readonly #ended: Promise<StreamEnd>;
  #end: StreamEnd | undefined;

  constructor(
    address: string,
    events: RawStreamEvents,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
    });
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    this.#call = this.#client.makeBidiStreamRequest(CONNECT, raw, raw, metadata);
    this.#metadata = new Promise((resolve) => this.#call.once("metadata", resolve));
    this.#ended = new Promise((resolve) => {
      this.#call.once("status", (status: StatusObject) => {
        const { code, details } = status;
        this.#end = { status: code, details, error: errorOf(status.metadata) };
        this.#client.close();
        resolve(this.#end);
        events.onEnd();
      });
    });
    // The status says it all; without a listener the process would end.
    this.#call.on("error", () => {});
    this.#call.on("data", (bytes: Buffer) => events.onBatch(bytes));
  }

  /** How the stream ended; undefined while it is open. */
  get end(): StreamEnd | undefined {
    return this.#end;
  }

  /** The headers of the host. */
  get metadata(): Promise<Metadata> {
    return within(this.#metadata, () => "the initial metadata of the host");
  }

  /** Resolves with the end of the stream. */
  get ended(): Promise<StreamEnd> {
    return within(this.#ended, () => "the end of the stream");
  }

  write(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  /** Reads no more: what the host writes waits in the buffers between. */
  pause(): void {
    this.#call.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#call.resume();
  }

  /** Ends its own half and leaves the other open. */
  halfClose(): void {
    this.#call.end();
  }

  /** Breaks the stream without a word. */
  cut(): Promise<StreamEnd> {
    this.#call.cancel();
    return this.ended;
  }
}
