import { invalid } from "@agentmesh/proto";
import { isLoopback } from "../security/loopback.ts";
import type { TlsFiles } from "../security/tls.ts";
import type { TokenSource } from "../security/token.ts";
import { type Address, formatAddress } from "./address.ts";
import { type CompleteOptions, optionText } from "./source.ts";

/** Numbers that must not be below another one. */
const ORDER = [
  ["sessionGraceMs", "leaseMs"],
  ["requestWindowBytes", "maxPayloadBytes"],
  ["outboxLimitBytes", "maxPayloadBytes"],
  ["queuedBytes", "maxPayloadBytes"],
  ["inFlightBytes", "maxPayloadBytes"],
] as const;

/** Refuses numbers that contradict each other. */
export function checkOrder(all: CompleteOptions): void {
  if (all.livenessMs <= all.heartbeatMs) {
    const values = `${all.livenessMs} and ${all.heartbeatMs}`;
    throw invalid(`liveness-ms must be more than heartbeat-ms, got ${values}`);
  }
  for (const [larger, smaller] of ORDER) {
    if (all[larger] >= all[smaller]) continue;
    const names = [larger, smaller].map(optionText);
    const values = `${all[larger]} and ${all[smaller]}`;
    throw invalid(`${names[0]} must be at least ${names[1]}, got ${values}`);
  }
}

/** The files of TLS; undefined for plaintext. Refuses half a pair. */
export function tlsOf(all: CompleteOptions): TlsFiles | undefined {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca } = all;
  if (cert !== undefined && key !== undefined) return { cert, key, ca };
  if (cert !== undefined) throw invalid("tls-cert needs tls-key");
  if (key !== undefined) throw invalid("tls-key needs tls-cert");
  if (ca !== undefined) throw invalid("tls-ca needs tls-cert and tls-key");
  return undefined;
}

/** Where the token comes from. Refuses two places. */
export function authOf(all: CompleteOptions): TokenSource {
  const { token, tokenFile } = all;
  if (token !== undefined && tokenFile !== undefined) {
    throw invalid("give token or token-file, not both");
  }
  return { token, tokenFile };
}

/** A host that others can reach must know them and must not be overheard, unless someone insists. */
export function checkReach(all: CompleteOptions, listen: Address): void {
  if (isLoopback(listen.host) || all.insecurePublicAddress) return;
  const missing: string[] = [];
  if (all.tlsCert === undefined) missing.push("TLS (tls-cert, tls-key)");
  if ((all.token ?? all.tokenFile ?? all.tlsCa) === undefined) {
    missing.push("authentication (token, token-file or tls-ca)");
  }
  if (missing.length === 0) return;
  throw invalid(
    `listen: ${formatAddress(listen)} can be reached from other machines and needs ` +
      `${missing.join(" and ")}; or listen on 127.0.0.1, or set insecure-public-address`,
  );
}
