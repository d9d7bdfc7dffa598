import type { Socket } from "node:net";
import { ChannelCredentials } from "@grpc/grpc-js";

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type ConnectorArguments = Parameters<ChannelCredentials["_createSecureConnector"]>;

/**
 * The credentials of one connection, which also tell how many bytes have arrived on it: gRPC itself tells only of whole
 * messages. Making the connection is the one place where credentials see its socket.
 */
export class MeteredCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  #socket: Socket | undefined;

  constructor(inner: ChannelCredentials) {
    super();
    this.#inner = inner;
  }

  /** Bytes that have arrived; 0 before there is a connection. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Whether a connection with these credentials is as good as one with `credentials`. */
  wraps(credentials: ChannelCredentials): boolean {
    return this.#inner._equals(credentials);
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...args: ConnectorArguments): Connector {
    const connector = this.#inner._createSecureConnector(...args);
    return {
      connect: async (socket) => {
        const connected = await connector.connect(socket);
        this.#socket = connected.socket;
        return connected;
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}
