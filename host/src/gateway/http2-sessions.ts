import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { meshError } from "@agentmesh/proto";
import type { Server } from "@grpc/grpc-js";

/**
 * Calls `take` for every HTTP/2 connection that a gRPC server accepts from now on. Call it before the server binds.
 *
 * It leans on `Server.createHttp2Server` of grpc-js, which is not public; the tests beside this file fail when a release
 * changes it.
 *
 * @throws MeshError `INTERNAL` when this release of grpc-js is built differently.
 */
export function onHttp2Session(server: Server, take: (session: ServerHttp2Session) => void): void {
  const create: unknown = Reflect.get(server, "createHttp2Server");
  if (typeof create !== "function") throw changed();
  Reflect.set(server, "createHttp2Server", (...args: readonly unknown[]): EventEmitter => {
    const http2Server: unknown = Reflect.apply(create, server, args);
    if (!(http2Server instanceof EventEmitter)) throw changed();
    return http2Server.on("session", take);
  });
}

function changed(): Error {
  return meshError(
    "INTERNAL",
    "this release of @grpc/grpc-js has another Server.createHttp2Server",
  );
}
