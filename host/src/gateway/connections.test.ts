import { MeshError } from "@agentmesh/proto";
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { Connections } from "./connections.ts";

const PATH = "/test.Service/Talk";
const raw = (bytes: Buffer): Buffer => bytes;

type Call = ServerDuplexStream<Buffer, Buffer>;

/** A server with one stream, and the client's end of it. */
async function talk(server: Server): Promise<{ call: Call; write: (bytes: Buffer) => void }> {
  const codec = {
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  };
  const definition = { path: PATH, requestStream: true, responseStream: true, ...codec };
  const called = new Promise<Call>((resolve) => {
    server.addService({ Talk: definition }, { Talk: (call: Call) => resolve(call) });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(PATH, raw, raw);
  stream.on("error", () => {
    // The server is shut down below it.
  });
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  stream.write(Buffer.from("first"));
  const call = await called;
  call.on("error", () => {
    // As above.
  });
  return { call, write: (bytes) => void stream.write(bytes) };
}

test("the bytes of a peer are counted, by the name that grpc-js has for it", async () => {
  const connections = new Connections();
  const server = new Server();
  connections.watch(server);
  const { call, write } = await talk(server);
  const before = connections.bytesRead(call.getPeer());
  expect(before).toBeGreaterThan(0);
  const arrived = new Promise<void>((resolve) => {
    call.on("data", (bytes: Buffer) => bytes.length > 1_000 && resolve());
  });
  write(Buffer.alloc(100_000));
  await arrived;
  expect(connections.bytesRead(call.getPeer()) - before).toBeGreaterThan(100_000);
  expect(connections.bytesRead("198.51.100.1:1")).toBe(0);
});

test("a server that is built differently is refused loudly", () => {
  const server = new Server();
  Reflect.set(server, "createHttp2Server", undefined);
  expect(() => new Connections().watch(server)).toThrow(MeshError);
});
