import { BOUNDS, DEFAULTS } from "@agentmesh/proto";
import { LOG_LEVELS } from "../observability/log-level.ts";
import {
  addresses,
  bearerToken,
  bytes,
  choice,
  count,
  type Field,
  file,
  flag,
  folder,
  listenAddress,
  ms,
} from "./field.ts";
import type { HostOptions } from "./host-options.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** How many alternate addresses Welcome may tell. */
const MAX_ALTERNATES = 16;

/**
 * Every option of a host under its one name: `leaseMs` in code, `--lease-ms` on the command line, `AGENTMESH_LEASE_MS`
 * in the environment. `HostOptions` says what each one means.
 */
export const FIELDS = {
  listen: listenAddress(`127.0.0.1:${DEFAULTS.port}`, "where to listen; port 0 takes any free one"),
  alternateAddresses: addresses(MAX_ALTERNATES, "other addresses of this mesh, told to workers"),
  token: bearerToken("token that callers must send; others see it in the list of processes"),
  tokenFile: file("file that holds the token"),
  tlsCert: file("certificate of this host, PEM"),
  tlsKey: file("private key of the certificate, PEM"),
  tlsCa: file("authorities whose certificates callers must show, PEM"),
  insecurePublicAddress: flag("listen on a public address without TLS or without authentication"),
  data: folder("folder that keeps what must outlive the host; without it, memory does"),
  dataBytes: bytes(
    DEFAULTS.dataBytes,
    MIB,
    1024 * 1024 * GIB,
    "what that folder may have in use before durable events are refused",
  ),

  leaseMs: ms(DEFAULTS.leaseMs, 1, HOUR_MS, "for how long a broken stream goes unnoticed"),
  sessionGraceMs: ms(DEFAULTS.sessionGraceMs, 1, DAY_MS, "for how long a broken session is kept"),
  heartbeatMs: ms(DEFAULTS.heartbeatMs, 10, HOUR_MS, "silence after which a peer is pinged"),
  livenessMs: ms(DEFAULTS.livenessMs, 20, HOUR_MS, "silence after which a stream is broken"),
  requestWindow: count(
    DEFAULTS.requestWindow,
    1,
    1e6,
    "unsettled sends and publishes of a session",
  ),
  requestWindowBytes: bytes(
    DEFAULTS.requestWindowBytes,
    KIB,
    GIB,
    "content of unsettled sends and publishes of a session",
  ),
  replayBytes: bytes(DEFAULTS.replayBytes, KIB, GIB, "batches kept for a resume, per session"),
  outboxLimitBytes: bytes(DEFAULTS.outboxLimitBytes, KIB, GIB, "batches waiting for a slow worker"),
  maxSessions: count(DEFAULTS.maxSessions, 1, 1e6, "sessions of this host"),

  maxInFlight: count(
    DEFAULTS.maxInFlight,
    1,
    BOUNDS.maxInFlight,
    "deliveries in flight to one worker",
  ),
  agentWindow: count(
    DEFAULTS.agentWindow,
    1,
    BOUNDS.agentWindow,
    "deliveries in flight to one agent",
  ),
  nestedInFlight: count(
    DEFAULTS.nestedInFlight,
    1,
    1e6,
    "nested deliveries in flight to one worker",
  ),
  chainDepth: count(DEFAULTS.chainDepth, 1, 256, "depth of a chain of nested sends"),
  mailboxMessages: count(DEFAULTS.mailboxMessages, 1, 1e7, "messages waiting for one agent"),
  queuedBytes: bytes(DEFAULTS.queuedBytes, MIB, 1024 * GIB, "content waiting at this host"),
  inFlightBytes: bytes(DEFAULTS.inFlightBytes, MIB, 1024 * GIB, "content in flight to workers"),
  maxTurnMs: ms(DEFAULTS.maxTurnMs, 1, DAY_MS, "time for a turn before it is told to stop"),
  turnGraceMs: ms(DEFAULTS.turnGraceMs, 0, HOUR_MS, "time for it to stop before it is abandoned"),
  crashLimit: count(
    DEFAULTS.crashLimit,
    1,
    100,
    "workers lost over one message before it is parked",
  ),
  deadLetters: count(DEFAULTS.deadLetters, 0, 1e7, "dead letters kept"),
  deadLetterBytes: bytes(DEFAULTS.deadLetterBytes, 0, 1024 * GIB, "size of the dead letters kept"),
  deadLetterAgeMs: ms(DEFAULTS.deadLetterAgeMs, 1, 3_650 * DAY_MS, "for how long they are kept"),

  autogenSharedTypes: flag("let several workers of AutoGen own one agent type"),

  timeoutMs: ms(DEFAULTS.timeoutMs, 1, DAY_MS, "time for a send that asks for none"),
  maxPayloadBytes: bytes(
    DEFAULTS.maxPayloadBytes,
    KIB,
    BOUNDS.maxPayloadBytes,
    "largest content of a message",
  ),
  settleMs: ms(DEFAULTS.settleMs, 0, HOUR_MS, "after a start, wait for the workers of before"),
  drainGraceMs: ms(DEFAULTS.drainGraceMs, 0, HOUR_MS, "time for work in flight when draining"),
  logLevel: choice("warn", LOG_LEVELS, `least level of log lines: ${LOG_LEVELS.join(", ")}`),
} as const satisfies Record<keyof HostOptions, Field<unknown>>;

/** Name of an option. */
export type OptionName = keyof typeof FIELDS;

/** Names of all options, in the order of the help. */
export const OPTION_NAMES = Object.keys(FIELDS) as OptionName[];
