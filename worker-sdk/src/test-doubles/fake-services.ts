/** The services that callers without agents use, on a real socket; they answer what the test tells them to. */
import { WireWriter } from "@agentmesh/proto/wire";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";

export type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
export type StreamCall = ServerWritableStream<Buffer, Buffer>;

/** Nothing, as an answer. */
export const NOTHING = Buffer.alloc(0);

const ADMIN_METHODS = ["GetStatus", "ListWorkers", "ListDeadLetters"];

const pass = (bytes: Buffer): Buffer => bytes;
const method = (path: string, responseStream = false) => ({
  path: `/agentmesh.v1.${path}`,
  requestStream: false,
  responseStream,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
});

/** What has no handler gets no answer. */
export class FakeServices {
  send: ((call: UnaryCall, answer: sendUnaryData<Buffer>) => void) | undefined;
  stream: ((call: StreamCall) => void) | undefined;
  publish: ((call: UnaryCall, answer: sendUnaryData<Buffer>) => void) | undefined;
  /** Gives the answer; undefined for none. */
  admin:
    | ((method: string, request: Buffer, metadata: Metadata) => Uint8Array | undefined)
    | undefined;
  readonly #server = new Server();
  #port = 0;

  private constructor() {
    this.#server.addService(
      {
        Send: method("ClientService/Send"),
        SendStream: method("ClientService/SendStream", true),
        Publish: method("ClientService/Publish"),
      },
      {
        Send: (call: UnaryCall, answer: sendUnaryData<Buffer>) => this.send?.(call, answer),
        SendStream: (call: StreamCall) => this.stream?.(call),
        Publish: (call: UnaryCall, answer: sendUnaryData<Buffer>) => this.publish?.(call, answer),
      },
    );
    const admin = (name: string) => (call: UnaryCall, answer: sendUnaryData<Buffer>) => {
      const bytes = this.admin?.(name, call.request, call.metadata);
      if (bytes !== undefined) answer(null, Buffer.from(bytes));
    };
    this.#server.addService(
      Object.fromEntries(ADMIN_METHODS.map((name) => [name, method(`AdminService/${name}`)])),
      Object.fromEntries(ADMIN_METHODS.map((name) => [name, admin(name)])),
    );
  }

  static async start(): Promise<FakeServices> {
    const services = new FakeServices();
    services.#port = await bind(services.#server);
    return services;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Ends at once. */
  stop(): void {
    this.#server.forceShutdown();
  }
}

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** The content in the second field of a request; the first is whom it is for. */
export function contentOf(request: Buffer): Uint8Array {
  const start = 2 + (request[1] ?? 0);
  const rest = request.subarray(start);
  return rest.subarray(2, 2 + (rest[1] ?? 0));
}

/** A response that holds one content. */
export function holding(content: Uint8Array): Buffer {
  const writer = new WireWriter();
  writer.bytes(0x0a, content);
  return writer.copy();
}
