/**
 * Raises the flow-control windows of a gRPC server. grpc-js 1.14.7 reads `grpc-node.flow_control_window` on clients
 * only (grpc-node#2429, pull request #3058), so a server would take 64 KiB per round trip from each connection.
 *
 * It leans on `Server.commonServerOptions`, which is not public and becomes the options of every HTTP/2 server. The test
 * beside this file fails when a release changes it.
 */
import { meshError } from "@agentmesh/proto";
import type { Server } from "@grpc/grpc-js";
import { onHttp2Session } from "./http2-sessions.ts";

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
  onHttp2Session(server, (session) => {
    if (!session.destroyed) session.setLocalWindowSize(windowBytes);
  });
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function changed(what: string): Error {
  return meshError("INTERNAL", `this release of @grpc/grpc-js has another Server.${what}`);
}
