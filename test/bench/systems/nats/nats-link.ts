import { connect, type NatsConnection } from "@nats-io/transport-node";

/**
 * Connects as a user who wants speed would: no stack trace is recorded for every request, and a
 * lost connection is the end instead of a pause.
 */
export function connectNats(server: string, name: string): Promise<NatsConnection> {
  return connect({ servers: server, name, noAsyncTraces: true, reconnect: false });
}
