/** Which host a command speaks to, and how: the same flags and variables for every command. */
import { readFileSync } from "node:fs";
import { DEFAULT_NAMESPACE, DEFAULTS, invalid, isAgentType, quote } from "@agentmesh/proto";
import { type Command, Option } from "commander";
import { type Address, parseAddress } from "../../options/address.ts";
import { bearerToken, type Field, file, flag, ms } from "../../options/field.ts";
import { environmentName, flagName } from "../../options/source.ts";
import { fileProblem } from "../../security/file-problem.ts";
import { isToken } from "../../security/token.ts";
import { EXIT } from "../exit-codes.ts";
import { CommandFailure, type Terminal } from "../terminal.ts";

/** What TLS needs; PEM. */
export interface TlsMaterial {
  /** Authorities to trust; undefined for those of the system. */
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  /** Name in the host's certificate; undefined for that of the address. */
  readonly serverName: string | undefined;
}

/** How to reach a host. */
export interface Connection {
  /** Hosts of one mesh: the first that answers is taken. */
  readonly addresses: readonly Address[];
  readonly token: string | undefined;
  /** Undefined for plaintext. */
  readonly tls: TlsMaterial | undefined;
  readonly namespace: string;
  readonly connectTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const HOUR_MS = 3_600_000;

const FIELDS = {
  host: text(
    "host:port,…",
    "addresses host:port",
    `host to speak to (default: 127.0.0.1:${DEFAULTS.port})`,
  ),
  token: bearerToken("token to show; others see it in the list of processes"),
  tokenFile: file("file that holds the token"),
  tls: flag("speak TLS; naming one of the files says the same"),
  tlsCa: file("authorities to trust, PEM (default: those of the system)"),
  tlsCert: file("certificate of this program, PEM"),
  tlsKey: file("private key of the certificate, PEM"),
  tlsServerName: text("name", "a name", "name in the host's certificate, if it is another one"),
  namespace: text("name", "a name", `namespace (default: ${DEFAULT_NAMESPACE})`),
  connectTimeoutMs: ms(CONNECT_TIMEOUT_MS, 1, HOUR_MS, "time to reach the host (default: 5000)"),
} as const satisfies Record<string, Field<unknown>>;

type Name = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Name[];

/** Gives a command the flags that say which host it speaks to. */
export function addConnectionFlags(command: Command): Command {
  for (const name of NAMES) {
    const { kind, placeholder, about } = FIELDS[name];
    const usage = kind === "flag" ? flagName(name) : `${flagName(name)} <${placeholder}>`;
    command.addOption(new Option(usage, about).helpGroup("Connection:"));
  }
  return command;
}

/** The name of a flag's variable. That of the host is the one that workers read too. */
function variableOf(name: Name): string {
  return name === "host" ? "AGENTMESH_ADDRESS" : environmentName(name);
}

/**
 * The connection that flags and environment ask for; a flag wins.
 * @throws CommandFailure for a value that is not allowed, or a file that cannot be read.
 */
export function connectionOf(command: Command, env: Terminal["env"]): Connection {
  const given = (name: Name): unknown => {
    const flagged: unknown = command.getOptionValue(name);
    if (flagged !== undefined) return checked(name, flagName(name), flagged);
    const variable = variableOf(name);
    const set = env[variable]?.trim();
    return set === undefined || set === "" ? undefined : checked(name, variable, set);
  };
  const namespace = textOrNone(given("namespace")) ?? DEFAULT_NAMESPACE;
  if (!isAgentType(namespace))
    throw usage(`namespace ${quote(namespace)} is not 1–128 word characters, dots and hyphens`);
  return {
    addresses: addressesOf(textOrNone(given("host"))),
    token: tokenOf(command, given),
    tls: tlsOf(given),
    namespace,
    connectTimeoutMs: Number(given("connectTimeoutMs") ?? CONNECT_TIMEOUT_MS),
  };
}

function checked(name: Name, label: string, value: unknown): unknown {
  const field: Field<unknown> = FIELDS[name];
  const read = typeof value === "string" ? field.parse(value) : value;
  if (field.accepts(read)) return read;
  const got = field.kind === "secret" ? "" : `, got ${quote(String(value))}`;
  throw usage(`${label} must be ${field.allowed}${got}`);
}

function addressesOf(text = `127.0.0.1:${DEFAULTS.port}`): Address[] {
  return text.split(",").map((part) => {
    const trimmed = part.trim();
    const address = parseAddress(trimmed) ?? parseAddress(`${trimmed}:${DEFAULTS.port}`);
    if (address !== undefined && address.port > 0) return address;
    throw usage(
      `${quote(trimmed)} is no address of a host: write host:port, for example 127.0.0.1:50051 or [::1]:50051`,
    );
  });
}

/** A token on the command line wins over a file, and both over the environment. */
function tokenOf(command: Command, given: (name: Name) => unknown): string | undefined {
  const isFlagged = (name: Name): boolean => command.getOptionValue(name) !== undefined;
  const preferFile = isFlagged("tokenFile") && !isFlagged("token");
  const token = preferFile ? undefined : textOrNone(given("token"));
  const path = textOrNone(given("tokenFile"));
  if (token !== undefined || path === undefined) return token;
  const read = readFile("token-file", path).toString("utf8").trim();
  if (isToken(read)) return read;
  throw config(`token-file: ${path} must hold one token of 1–4096 visible ASCII characters`);
}

function tlsOf(given: (name: Name) => unknown): TlsMaterial | undefined {
  const [ca, cert, key] = (["tlsCa", "tlsCert", "tlsKey"] as const).map((name) =>
    textOrNone(given(name)),
  );
  const wanted = given("tls");
  if (wanted === false) return undefined;
  if (wanted === undefined && [ca, cert, key].every((path) => path === undefined)) return undefined;
  if ((cert === undefined) !== (key === undefined))
    throw usage("tls-cert and tls-key belong together: give both or neither");
  return {
    ca: ca === undefined ? undefined : readFile("tls-ca", ca),
    cert: cert === undefined ? undefined : readFile("tls-cert", cert),
    key: key === undefined ? undefined : readFile("tls-key", key),
    serverName: textOrNone(given("tlsServerName")),
  };
}

function readFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw config(`${option}: ${fileProblem(path, error)}`);
  }
}

function text(placeholder: string, allowed: string, about: string): Field<string | undefined> {
  return {
    kind: "text",
    placeholder,
    fallback: undefined,
    allowed,
    about,
    accepts: (value): value is string => typeof value === "string" && value.trim() !== "",
    parse: (given) => given,
  };
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function usage(text: string): CommandFailure {
  return new CommandFailure(text, EXIT.usage, { cause: invalid(text) });
}

function config(text: string): CommandFailure {
  return new CommandFailure(text, EXIT.config, { cause: invalid(text) });
}
