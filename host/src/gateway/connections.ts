import type { ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { onHttp2Session } from "./http2-sessions.ts";

/**
 * The open connections of a server by the name that grpc-js has for their peer, to see what arrives before a message is
 * complete.
 */
export class Connections {
  readonly #byPeer = new Map<string, ServerHttp2Session>();

  /** Keeps an eye on all connections of a server that has not been bound yet. */
  watch(server: Server): void {
    onHttp2Session(server, (session) => {
      const { remoteAddress, remotePort } = session.socket;
      const peer = `${remoteAddress}:${remotePort}`;
      this.#byPeer.set(peer, session);
      session.on("close", () => {
        if (this.#byPeer.get(peer) === session) this.#byPeer.delete(peer);
      });
    });
  }

  /** Bytes that have come from a peer; 0 when it is not connected. */
  bytesRead(peer: string): number {
    const session = this.#byPeer.get(peer);
    return session === undefined || session.destroyed ? 0 : session.socket.bytesRead;
  }
}
