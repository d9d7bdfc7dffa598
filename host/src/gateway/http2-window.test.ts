import { type ClientHttp2Session, connect } from "node:http2";
import { MeshError } from "@agentmesh/proto";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { raiseHttp2Windows } from "./http2-window.ts";

const WINDOW_BYTES = 5 * 1024 * 1024;
const DEFAULT_BYTES = 65_535;

const running: { close(): void }[] = [];

afterEach(() => {
  for (const thing of running.splice(0).reverse()) thing.close();
});

function startServer(server: Server): Promise<number> {
  running.push({ close: () => server.forceShutdown() });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function settled(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.once("error", reject);
    session.once("remoteSettings", () => {
      // The answer to a ping comes after everything that the server sent at the start.
      session.ping((error) => (error === null ? resolve() : reject(error)));
    });
  });
}

/** What a peer may send at once, as the server told it. */
async function windowsOf(url: string): Promise<{ stream: number; connection: number }> {
  const session = connect(url);
  running.push(session);
  await settled(session);
  const stream = session.remoteSettings.initialWindowSize ?? 0;
  return { stream, connection: session.state.remoteWindowSize ?? 0 };
}

describe("windows of a gRPC server", () => {
  test("are raised for streams and connections", async () => {
    const server = new Server();
    raiseHttp2Windows(server, WINDOW_BYTES);
    const port = await startServer(server);
    const windows = await windowsOf(`http://127.0.0.1:${port}`);
    expect(windows).toEqual({ stream: WINDOW_BYTES, connection: WINDOW_BYTES });
  });

  test("are the small default otherwise: when this fails, grpc-js has learned it and the module can go", async () => {
    const server = new Server({ "grpc-node.flow_control_window": WINDOW_BYTES });
    const port = await startServer(server);
    const windows = await windowsOf(`http://127.0.0.1:${port}`);
    expect(windows).toEqual({ stream: DEFAULT_BYTES, connection: DEFAULT_BYTES });
  });

  test("keep the other settings of the server", async () => {
    const server = new Server({ "grpc.max_concurrent_streams": 7 });
    raiseHttp2Windows(server, WINDOW_BYTES);
    const port = await startServer(server);
    const session = connect(`http://127.0.0.1:${port}`);
    running.push(session);
    await settled(session);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
  });

  test("are refused loudly where the server is built differently", () => {
    const server = new Server();
    Reflect.deleteProperty(server, "commonServerOptions");
    expect(() => raiseHttp2Windows(server, WINDOW_BYTES)).toThrow(MeshError);
  });
});
