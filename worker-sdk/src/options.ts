import {
  BOUNDS,
  type Clock,
  DEFAULT_NAMESPACE,
  DEFAULTS,
  invalid,
  isAgentType,
  LIMITS,
  quote,
  systemClock,
} from "@agentmesh/proto";
import type { TlsFiles } from "./connection/access.ts";
import { type Address, parseAddresses } from "./connection/addresses.ts";
import { type TokenSource, tokenSource } from "./connection/token.ts";
import {
  checkInteger,
  checkMs,
  type ResolvedTurns,
  resolveTurns,
  type TurnOptions,
} from "./runtime/turn-options.ts";

/** How the connection to a host is protected. Files are PEM. */
export interface TlsOptions {
  /** Certificates of the authorities to trust. Default: those of the system. Environment: `AGENTMESH_TLS_CA`. */
  readonly caFile?: string | undefined;
  /** This program's own certificate, for hosts that ask for one. Default: none. Environment: `AGENTMESH_TLS_CERT`. */
  readonly certFile?: string | undefined;
  /** The key of `certFile`. Default: none. Environment: `AGENTMESH_TLS_KEY`. */
  readonly keyFile?: string | undefined;
  /** Name in the host's certificate. Default: that of the address. Environment: `AGENTMESH_TLS_SERVER_NAME`. */
  readonly serverName?: string | undefined;
}

/** Where a host is and how to reach it. An option wins over its environment variable, which wins over the default. */
export interface HostOptions {
  /**
   * Addresses of hosts of one mesh, `host:port`, as a list or with commas between them; they are tried in turn. The
   * port may be left out (50 051). Environment: `AGENTMESH_ADDRESS`. Default: `127.0.0.1:50051`.
   */
  readonly host?: string | readonly string[] | undefined;
  /** Bearer token, 1–4 096 visible ASCII characters. Environment: `AGENTMESH_TOKEN`. Default: none. */
  readonly token?: string | undefined;
  /**
   * File that holds the token; white space around it does not count. Not read when there is a `token` from the same place,
   * option or environment. Environment: `AGENTMESH_TOKEN_FILE`. Default: none.
   */
  readonly tokenFile?: string | undefined;
  /** TLS: `true` trusts the system's authorities, `false` is plaintext. Default: plaintext, unless a file is named. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Namespace, of the grammar of an agent type. Environment: `AGENTMESH_NAMESPACE`. Default: `default`. */
  readonly namespace?: string | undefined;
}

/** How to connect: what all of them have in common, and all options of `connectAdmin`. All may be left out. */
export interface ConnectOptions extends HostOptions {
  /** Milliseconds until the first connection must stand; a worker tries later ones for ever. Default: 10 000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Gives up the first connection: the attempt then fails with `CANCELLED`, and the signal's reason is the cause. Without
   * effect once it stands. Default: none.
   */
  readonly signal?: AbortSignal | undefined;
  /** Where time comes from. Default: the clock of this machine. */
  readonly clock?: Clock | undefined;
}

/** Options of `connectClient`. All may be left out. */
export interface ClientOptions extends ConnectOptions {
  /**
   * Bytes of the largest message, 1 024–67 108 864; a larger one is refused before it is sent, with `PAYLOAD_TOO_LARGE`. To
   * be changed together with the host's option of this name: a client is not told of that. Default: 4 194 304.
   */
  readonly maxPayloadBytes?: number | undefined;
}

/** Options of `connectWorker`. All may be left out. */
export interface WorkerOptions extends ConnectOptions, TurnOptions {
  /** Label for people, at most 128 bytes; it may repeat. Default: the machine's name and the process number. */
  readonly name?: string | undefined;
  /** Pairs for people and placement rules; at most 64. Default: none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * Deliveries without ancestors that may be in flight to this worker, 1–1 000 000; what exceeds it waits at the host or
   * goes to other workers. Default: the host's (4 096).
   */
  readonly maxInFlight?: number | undefined;
  /** Numbers from 0 up to 1, for waits between attempts. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** {@link HostOptions}, complete. */
export interface ResolvedHost {
  readonly addresses: readonly Address[];
  readonly token: TokenSource;
  /** Undefined for plaintext. */
  readonly tls: TlsFiles | undefined;
  readonly namespace: string;
}

/** {@link ConnectOptions}, complete. */
export interface ResolvedConnect extends ResolvedHost {
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
}

/** {@link ClientOptions}, complete. */
export interface ResolvedClient extends ResolvedConnect {
  readonly maxPayloadBytes: number;
}

/** {@link WorkerOptions}, complete. */
export interface ResolvedWorker extends ResolvedConnect, ResolvedTurns {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** 0 for the host's default. */
  readonly maxInFlight: number;
  readonly random: () => number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const LEAST_PAYLOAD_BYTES = 1_024;
const MOST_NAME_BYTES = 128;

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Completes where a host is. @throws MeshError `INVALID_ARGUMENT` naming the option. */
export function resolveHost(options: HostOptions, environment: Environment): ResolvedHost {
  const fallback = `127.0.0.1:${DEFAULTS.port}`;
  return {
    addresses: parseAddresses(options.host ?? given(environment, "AGENTMESH_ADDRESS") ?? fallback),
    token: resolveToken(options, environment),
    tls: resolveTls(options.tls, environment),
    namespace: resolveNamespace(options.namespace ?? given(environment, "AGENTMESH_NAMESPACE")),
  };
}

/** Completes how to connect. @throws MeshError `INVALID_ARGUMENT` naming the option. */
export function resolveConnect(options: ConnectOptions, environment: Environment): ResolvedConnect {
  return {
    ...resolveHost(options, environment),
    connectTimeoutMs: checkMs("connectTimeoutMs", options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS),
    signal: options.signal,
    clock: options.clock ?? systemClock,
  };
}

/** Completes the options of a client. @throws MeshError `INVALID_ARGUMENT` naming the option. */
export function resolveClient(options: ClientOptions, environment: Environment): ResolvedClient {
  const { maxPayloadBytes = DEFAULTS.maxPayloadBytes } = options;
  return {
    ...resolveConnect(options, environment),
    maxPayloadBytes: checkInteger(
      "maxPayloadBytes",
      maxPayloadBytes,
      LEAST_PAYLOAD_BYTES,
      BOUNDS.maxPayloadBytes,
    ),
  };
}

/** Completes the options of a worker. @throws MeshError `INVALID_ARGUMENT` naming the option. */
export function resolveWorker(
  options: WorkerOptions,
  environment: Environment,
  fallbackName: string,
): ResolvedWorker {
  const { maxInFlight } = options;
  return {
    ...resolveConnect(options, environment),
    name: resolveName(options.name ?? fallbackName),
    labels: resolveLabels(options.labels ?? {}),
    maxInFlight:
      maxInFlight === undefined
        ? 0
        : checkInteger("maxInFlight", maxInFlight, 1, BOUNDS.maxInFlight),
    ...resolveTurns(options),
    random: options.random ?? Math.random,
  };
}

/** An environment variable; one that is empty counts as not given. */
function given(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === "" ? undefined : value;
}

function resolveToken(options: HostOptions, environment: Environment): TokenSource {
  const { token, tokenFile } = options;
  if (token !== undefined) return tokenSource("token", token, "");
  if (tokenFile !== undefined) return tokenSource("token", "", tokenFile);
  const [text, file] = ["AGENTMESH_TOKEN", "AGENTMESH_TOKEN_FILE"];
  return tokenSource(text, given(environment, text) ?? "", given(environment, file) ?? "");
}

function resolveTls(
  option: boolean | TlsOptions | undefined,
  environment: Environment,
): TlsFiles | undefined {
  if (option === false) return undefined;
  const own = typeof option === "object" ? option : {};
  const tls: TlsFiles = {
    caFile: own.caFile ?? given(environment, "AGENTMESH_TLS_CA") ?? "",
    certFile: own.certFile ?? given(environment, "AGENTMESH_TLS_CERT") ?? "",
    keyFile: own.keyFile ?? given(environment, "AGENTMESH_TLS_KEY") ?? "",
    serverName: own.serverName ?? given(environment, "AGENTMESH_TLS_SERVER_NAME") ?? "",
  };
  if ((tls.certFile === "") !== (tls.keyFile === "")) {
    throw invalid("tls.certFile and tls.keyFile belong together: give both or neither");
  }
  const isNamed = tls.caFile !== "" || tls.certFile !== "";
  return option === undefined && !isNamed ? undefined : tls;
}

function resolveNamespace(namespace = DEFAULT_NAMESPACE): string {
  if (isAgentType(namespace)) return namespace;
  throw invalid(`namespace ${quote(namespace)} is not 1–128 word characters, dots and hyphens`);
}

function resolveName(name: string): string {
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  throw invalid(`name ${quote(name)} has more than ${MOST_NAME_BYTES} bytes`);
}

function resolveLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(labels);
  if (entries.length > LIMITS.labels) {
    throw invalid(`labels has ${entries.length} entries; the most is ${LIMITS.labels}`);
  }
  for (const [label, value] of entries) {
    if (typeof value !== "string") throw invalid(`labels.${label} must be a text`);
  }
  return { ...labels };
}
