import type { LogLevel } from "../observability/log-level.ts";

/**
 * Options of a host. Each is left out or `undefined` for its default. The same name works as a flag of
 * `agentmesh host` (`--lease-ms`) and in its environment (`AGENTMESH_LEASE_MS`). A value out of range throws
 * `INVALID_ARGUMENT` when the host is made, never later.
 */
export interface HostOptions {
  /**
   * Where to listen, `host:port`; IPv6 in brackets, port 0 for any free one. Every address but loopback needs TLS and
   * either a token or client certificates. Default `127.0.0.1:50051`.
   */
  readonly listen?: string | undefined;
  /** Other addresses of the same mesh, `host:port`, told to workers for their reconnect. At most 16. Default none. */
  readonly alternateAddresses?: readonly string[] | undefined;
  /**
   * Token that callers must send as `authorization: Bearer <token>`: 1–4 096 visible ASCII characters. Others are
   * refused with `UNAUTHENTICATED`. Default none: every caller is admitted.
   */
  readonly token?: string | undefined;
  /** File that holds the token, instead of `token`; read once, at the start. Default none. */
  readonly tokenFile?: string | undefined;
  /** File with the certificate of the host and its intermediates, PEM. With `tlsKey` it turns TLS on. Default none. */
  readonly tlsCert?: string | undefined;
  /** File with the private key of `tlsCert`, PEM, without passphrase. Default none. */
  readonly tlsKey?: string | undefined;
  /** File with certificates of authorities, PEM: callers must show a certificate from one of them. Default none. */
  readonly tlsCa?: string | undefined;
  /** Permits a public address without TLS or authentication: anyone who reaches it rules the mesh. Default false. */
  readonly insecurePublicAddress?: boolean | undefined;
  /**
   * Folder that keeps what must outlive the host: durable events and subscriptions, dead letters. It is made when it
   * does not exist; one host at a time can have it, on a disk of this machine. Default none: memory keeps it all, and a
   * restart forgets it.
   */
  readonly data?: string | undefined;
  /**
   * Bytes that the file in the data folder may have in use. At the limit, events that a durable subscription matches are
   * refused with `OVERLOADED` until others were handled; everything else goes on. Space that became free is used again
   * and not given back to the disk. 1 MiB to 1 PiB. Default 16 GiB.
   */
  readonly dataBytes?: number | undefined;

  /**
   * Milliseconds within which a broken stream may resume unnoticed. After them, sends already shipped to that worker
   * fail with `WORKER_LOST` and its agents move. 1 to 3 600 000, at most `sessionGraceMs`. Default 1 500.
   */
  readonly leaseMs?: number | undefined;
  /**
   * Milliseconds for which a broken session keeps its registrations and buffers; after them it ends and its worker
   * registers anew. 1 to 86 400 000. Default 30 000.
   */
  readonly sessionGraceMs?: number | undefined;
  /** Milliseconds of silence after which a peer is pinged. 10 to 3 600 000, below `livenessMs`. Default 2 500. */
  readonly heartbeatMs?: number | undefined;
  /**
   * Milliseconds without a batch, and without 1 KiB of one between two heartbeats, after which a stream counts as broken
   * and the lease starts. 20 to 3 600 000. Default 8 000.
   */
  readonly livenessMs?: number | undefined;
  /**
   * Unsettled sends and publishes of one session that do not come from a turn. At the limit the worker holds further
   * ones back. 1 to 1 000 000. Default 4 096.
   */
  readonly requestWindow?: number | undefined;
  /**
   * Bytes of their content, with the same policy. 1 KiB to 1 GiB, at least `maxPayloadBytes`. Default 64 MiB.
   */
  readonly requestWindowBytes?: number | undefined;
  /**
   * Bytes of unacknowledged batches that either end keeps for a resume. At the limit that end stops sending until the
   * other acknowledges. 1 KiB to 1 GiB. Default 8 MiB.
   */
  readonly replayBytes?: number | undefined;
  /**
   * Bytes of batches that wait for one worker because it reads slowly. Above the limit its session is ended with
   * `SLOW_CONSUMER`. 1 KiB to 1 GiB, at least `maxPayloadBytes`. Default 64 MiB.
   */
  readonly outboxLimitBytes?: number | undefined;
  /** Sessions of this host. Further ones are refused with `OVERLOADED`. 1 to 1 000 000. Default 10 000. */
  readonly maxSessions?: number | undefined;

  /**
   * Deliveries without ancestors in flight to one worker that asks for no number of its own. At the limit deliveries
   * wait at the host. 1 to 1 000 000. Default 4 096.
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Deliveries without ancestors in flight to one agent whose type asks for no number of its own. At the limit they
   * wait at the host. 1 to 65 536. Default 16.
   */
  readonly agentWindow?: number | undefined;
  /**
   * Deliveries with ancestors in flight to one worker. Above the limit they are refused with `OVERLOADED`, never held:
   * turns that wait for each other cannot deadlock. 1 to 1 000 000. Default 16 384.
   */
  readonly nestedInFlight?: number | undefined;
  /** Depth of a chain of nested sends. A deeper one is refused with `CHAIN_TOO_DEEP`. 1 to 256. Default 32. */
  readonly chainDepth?: number | undefined;
  /**
   * Messages that wait at the host for one agent. Further sends are refused with `MAILBOX_FULL`, further events leave
   * a dead letter. 1 to 10 000 000. Default 4 096.
   */
  readonly mailboxMessages?: number | undefined;
  /**
   * Bytes of content that wait at the host, all in all. Further messages that would have to wait are refused with
   * `OVERLOADED`. 1 MiB to 1 TiB, at least `maxPayloadBytes`. Default 512 MiB.
   */
  readonly queuedBytes?: number | undefined;
  /**
   * Bytes of content in flight to workers, all in all; the host keeps it until the turns have ended. Further messages
   * from outside of turns are refused with `OVERLOADED`. 1 MiB to 1 TiB, at least `maxPayloadBytes`. Default 512 MiB.
   */
  readonly inFlightBytes?: number | undefined;
  /**
   * Milliseconds after which a turn is told to stop, where its agent type names no time of its own. Counted from the
   * last end of a turn of the same agent, in steps of a second. 1 to 86 400 000. Default 600 000.
   */
  readonly maxTurnMs?: number | undefined;
  /**
   * Milliseconds for a turn to end after that. Then its activation is abandoned, the message becomes a dead letter and
   * the agent is placed anew. Workers that watch their turns give them less. 0 to 3 600 000. Default 20 000.
   */
  readonly turnGraceMs?: number | undefined;
  /** Workers that may be lost over one message before it is parked as a dead letter. 1 to 100. Default 3. */
  readonly crashLimit?: number | undefined;
  /** Dead letters kept; the oldest are dropped and counted. 0 to 10 000 000. Default 10 000. */
  readonly deadLetters?: number | undefined;
  /** Bytes of dead letters kept; the oldest are dropped and counted. 0 to 1 TiB. Default 64 MiB. */
  readonly deadLetterBytes?: number | undefined;
  /**
   * Milliseconds for which a dead letter is kept; older ones are dropped and counted, a while after. 1 to
   * 315 360 000 000, ten years. Default 2 592 000 000, thirty days.
   */
  readonly deadLetterAgeMs?: number | undefined;

  /**
   * Lets several workers of AutoGen own one agent type; each agent then lives on one of them. Otherwise, as AutoGen has
   * it, a type that a worker owns is refused to all others. Default false.
   */
  readonly autogenSharedTypes?: boolean | undefined;

  /**
   * Milliseconds for a send that asks for no time of its own; then it fails with `DEADLINE_EXCEEDED`. 1 to 86 400 000.
   * Default 30 000.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Bytes of the largest content, told to workers, which refuse larger ones locally with `PAYLOAD_TOO_LARGE`. 1 KiB to
   * 64 MiB. Default 4 MiB.
   */
  readonly maxPayloadBytes?: number | undefined;
  /**
   * Milliseconds after a start for which messages wait for the sessions that the host knew before. 0 to 3 600 000.
   * Default 2 000.
   */
  readonly settleMs?: number | undefined;
  /**
   * Milliseconds that work in flight gets when the host drains; what is left then fails. 0 to 3 600 000. Default
   * 10 000.
   */
  readonly drainGraceMs?: number | undefined;
  /** Least level of log lines, which go to stderr as JSON. Default `warn`; `info` adds sessions and their ends. */
  readonly logLevel?: LogLevel | undefined;
}
