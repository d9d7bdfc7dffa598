/**
 * Raises the flow-control windows of a gRPC server. grpc-js 1.14.7 reads `grpc-node.flow_control_window` on clients
 * only (grpc-node#2429, pull request #3058), so a server would take 64 KiB per round trip from each connection.
 *
 * It leans on two things of `Server` that are not public: `commonServerOptions`, which become the options of every
 * HTTP/2 server, and `createHttp2Server`, which makes it. The test beside this file fails when a release changes them.
 */
import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { meshError } from "@agentmesh/proto";
import type { Server } from "@grpc/grpc-js";

/**
 * Lets every peer have `windowBytes` on their way to `server`, per stream and per connection. Call it before the
 * server binds; at most 2^31 - 1.
 *
 * @throws MeshError `INTERNAL` when this release of grpc-js is built differently.
 */
export function raiseHttp2Windows(server: Server, windowBytes: number): void {
  raiseStreamWindow(server, windowBytes);
  raiseConnectionWindow(server, windowBytes);
}

/** The window of new streams is a setting that a server tells its peers. */
function raiseStreamWindow(server: Server, windowBytes: number): void {
  const options: unknown = Reflect.get(server, "commonServerOptions");
  if (typeof options !== "object" || options === null) throw changed("commonServerOptions");
  const settings = "settings" in options ? options.settings : undefined;
  Object.assign(options, { settings: { ...asObject(settings), initialWindowSize: windowBytes } });
}

/** The window of a connection has no setting: each session raises its own. */
function raiseConnectionWindow(server: Server, windowBytes: number): void {
  const create: unknown = Reflect.get(server, "createHttp2Server");
  if (typeof create !== "function") throw changed("createHttp2Server");
  const raise = (session: ServerHttp2Session): void => {
    if (!session.destroyed) session.setLocalWindowSize(windowBytes);
  };
  Reflect.set(server, "createHttp2Server", (...args: readonly unknown[]): EventEmitter => {
    const http2Server: unknown = Reflect.apply(create, server, args);
    if (!(http2Server instanceof EventEmitter)) throw changed("createHttp2Server");
    return http2Server.on("session", raise);
  });
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function changed(what: string): Error {
  return meshError("INTERNAL", `this release of @grpc/grpc-js has another Server.${what}`);
}
