import { isIP } from "node:net";

/** Where something listens or is reached. */
export interface Address {
  /** IP address without brackets, or host name. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
}

const SHAPE = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
const MAX_PORT = 65_535;

/** Reads `host:port`, where an IPv6 address stands in brackets; undefined when the text is none. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits] = SHAPE.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= MAX_PORT)) return undefined;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined;
  return plain !== undefined && isHost(plain) ? { host: plain, port } : undefined;
}

/** The address as `host:port`, with brackets around IPv6. */
export function formatAddress(address: Address): string {
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether the text is an IPv4 address or a host name. Digits and dots alone must be a whole address. */
function isHost(text: string): boolean {
  return /^[\d.]+$/.test(text) ? isIP(text) === 4 : HOST_NAME.test(text);
}
