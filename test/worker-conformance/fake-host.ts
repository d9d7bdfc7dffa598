/** A host that only listens and says what it is told, over a real socket: the worker cannot tell it from another. */
import { GRPC_STATUS } from "@agentmesh/proto";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";

const pass = (bytes: Buffer): Buffer => bytes;
const CONNECT = {
  path: "/agentmesh.v1.GatewayService/Connect",
  requestStream: true,
  responseStream: true,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
};
/** More than the largest frame that the Welcome of this host allows. */
const RECEIVE_BYTES = 8 * 1024 * 1024;

/** One stream of the worker, as bytes. */
export interface WorkerStream {
  /** Called with every batch. */
  onBatch: (bytes: Buffer) => void;
  /** Called when the worker has ended the stream, or it broke. */
  onEnd: () => void;
  write(bytes: Buffer): void;
  /** Ends it as a broken connection does. */
  cut(): void;
  /** Ends it as a host does that is done. */
  finish(): void;
}

export class FakeHost implements AsyncDisposable {
  readonly address: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
  }

  /** Listens on a free port and hands on every stream that is opened. */
  static start(onStream: (stream: WorkerStream) => void): Promise<FakeHost> {
    const server = new Server({ "grpc.max_receive_message_length": RECEIVE_BYTES });
    const connect = (call: ServerDuplexStream<Buffer, Buffer>): void => onStream(streamOf(call));
    server.addService({ Connect: CONNECT }, { Connect: connect });
    return new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(new FakeHost(server, port));
        else reject(error);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

function streamOf(call: ServerDuplexStream<Buffer, Buffer>): WorkerStream {
  let isOver = false;
  const stream: WorkerStream = {
    onBatch: () => undefined,
    onEnd: () => undefined,
    write: (bytes) => void (isOver || call.write(bytes)),
    cut() {
      if (!isOver) call.emit("error", { code: GRPC_STATUS.UNAVAILABLE, details: "cut on purpose" });
      over();
    },
    finish() {
      if (!isOver) call.end();
      over();
    },
  };
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    stream.onEnd();
  };
  call.on("data", (bytes: Buffer) => stream.onBatch(bytes));
  call.on("error", over);
  call.on("end", over);
  call.on("cancelled", over);
  return stream;
}
