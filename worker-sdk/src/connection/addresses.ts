import { DEFAULTS, invalid, quote } from "@agentmesh/proto";

/** Where a host listens: `host:port`, as gRPC takes it. */
export type Address = string;

/** A name or IPv4 address, or an IPv6 address in brackets, and a port that may be left out. */
const ADDRESS = /^(?<host>\[[0-9a-fA-F:.%\w]+\]|[^\s:/[\]@]+)(?::(?<port>\d{1,5}))?$/;

/** What became of reading an address. */
type Reading =
  | { readonly kind: "address"; readonly address: Address }
  /** `problem` goes on after the text that was read. */
  | { readonly kind: "malformed"; readonly problem: string };

/**
 * Reads `host:port`, `host` (port 50 051) or `[IPv6]:port`.
 * @throws MeshError `INVALID_ARGUMENT` that says what is wrong with it.
 */
export function parseAddress(text: string): Address {
  const reading = readAddress(text.trim());
  if (reading.kind === "address") return reading.address;
  throw invalid(`address ${quote(text)} ${reading.problem}`);
}

function readAddress(text: string): Reading {
  const groups = ADDRESS.exec(text)?.groups;
  const host = groups?.host;
  if (host === undefined) return { kind: "malformed", problem: problemOf(text) };
  const port = groups?.port === undefined ? DEFAULTS.port : Number(groups.port);
  if (port < 1 || port > 65_535) {
    return { kind: "malformed", problem: `has port ${port}; ports are 1–65535` };
  }
  return { kind: "address", address: `${host}:${port}` };
}

/**
 * Reads one address or several: a list, or a text with commas between them.
 * @throws MeshError `INVALID_ARGUMENT` when one is malformed or there is none.
 */
export function parseAddresses(given: string | readonly string[]): readonly Address[] {
  const texts = typeof given === "string" ? given.split(",") : given;
  const filled = texts.filter((text) => text.trim() !== "");
  if (filled.length === 0) throw invalid("no address of a host was given; write it as host:port");
  return [...new Set(filled.map(parseAddress))];
}

function problemOf(text: string): string {
  if (text === "") return "is empty; write it as host:port";
  if (text.includes("://")) return "must not have a scheme; write it as host:port";
  if (/^[0-9a-fA-F:.]+$/.test(text) && text.split(":").length > 2) {
    return "looks like IPv6; put it in brackets, as in [::1]:50051";
  }
  return "is not host:port";
}

/**
 * The order in which addresses are tried: the one that worked last, then round all others. A host may name more of them
 * and recommend one.
 */
export class Route {
  readonly #configured: readonly Address[];
  #named: readonly Address[] = [];
  #recommended: Address | undefined;
  #latest: Address | undefined;

  constructor(configured: readonly Address[]) {
    this.#configured = configured;
  }

  /** Takes the address to try now: a recommended one once, else the one that was tried last, at first the first one. */
  next(): Address {
    const recommended = this.#recommended;
    this.#recommended = undefined;
    this.#latest = recommended ?? this.#latest ?? this.#all[0] ?? "";
    return this.#latest;
  }

  /** The address that was tried last; empty before the first attempt. */
  get latest(): Address {
    return this.#latest ?? "";
  }

  /** How many addresses there are. */
  get size(): number {
    return this.#all.length;
  }

  /** An address did not work: the next one is tried, unless that has been noticed before. */
  leave(address: Address): void {
    if (this.#latest === address) this.advance();
  }

  /** The current address did not work: the next one is tried. */
  advance(): void {
    const all = this.#all;
    const index = this.#latest === undefined ? -1 : all.indexOf(this.#latest);
    this.#latest = all[(index + 1) % all.length];
  }

  /** A host names other addresses of its mesh. Malformed ones are left out. */
  name(addresses: readonly string[]): void {
    this.#named = addresses.flatMap(addressesIn);
  }

  /** A host recommends where to go next. What is malformed is no recommendation. */
  recommend(address: string): void {
    this.#recommended = addressesIn(address)[0] ?? this.#recommended;
  }

  get #all(): readonly Address[] {
    return [...new Set([...this.#configured, ...this.#named])];
  }
}

/** The address that a host wrote; none when it is malformed: a host's mistake must not end its workers. */
function addressesIn(text: string): readonly Address[] {
  const reading = readAddress(text.trim());
  return reading.kind === "address" ? [reading.address] : [];
}
