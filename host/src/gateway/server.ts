import { LIMITS, meshError } from "@agentmesh/proto";
import { Server, type ServerCredentials } from "@grpc/grpc-js";
import type { Connections } from "./connections.ts";
import { raiseHttp2Windows } from "./http2-window.ts";

export interface ServerOptions {
  /** Largest content in bytes; a message may be LIMITS.frameOverheadBytes larger. */
  readonly maxPayloadBytes: number;
  /** Milliseconds of silence after which HTTP/2 pings a connection. */
  readonly heartbeatMs: number;
}

/**
 * Milliseconds for the answer to a ping of HTTP/2. On a slow link it queues behind a large message, so that it must not
 * judge before who watches the streams: this is for connections that are left over.
 */
const KEEPALIVE_TIMEOUT_MS = 60_000;

/** A gRPC server as the mesh needs it: windows for fast links, keepalive, room for the largest message. */
export function createServer(options: ServerOptions, connections: Connections): Server {
  const { heartbeatMs, maxPayloadBytes } = options;
  const server = new Server({
    "grpc.max_receive_message_length": maxPayloadBytes + LIMITS.frameOverheadBytes,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": heartbeatMs,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.keepalive_permit_without_calls": 1,
  });
  raiseHttp2Windows(server, LIMITS.http2WindowBytes);
  connections.watch(server);
  return server;
}

/** Listens on `host:port`. @returns the port. @throws MeshError `INVALID_ARGUMENT` when that cannot be had. */
export function listen(
  server: Server,
  address: string,
  credentials: ServerCredentials,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          meshError("INVALID_ARGUMENT", `cannot listen on ${address}: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });
}

/** Milliseconds that connections get to close by themselves. */
const SHUTDOWN_MS = 1_000;

/** Stops a server. grpc-js waits for ever for streams that do not end, so that the rest is cut after a while. */
export function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(limit);
      resolve();
    });
  });
}
