import type { LogLevel } from "../observability/log-level.ts";
import type { TlsFiles } from "../security/tls.ts";
import type { TokenSource } from "../security/token.ts";
import type { DeadLetterLimits } from "../store/dead-letter-store.ts";
import type { Address } from "./address.ts";

/** Limits of sessions. `HostOptions` documents each. */
export interface SessionLimits {
  readonly leaseMs: number;
  readonly sessionGraceMs: number;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  readonly requestWindow: number;
  readonly requestWindowBytes: number;
  readonly replayBytes: number;
  readonly outboxLimitBytes: number;
  readonly maxSessions: number;
}

/** Limits of delivery. `HostOptions` documents each. */
export interface DeliveryLimits {
  readonly maxInFlight: number;
  readonly agentWindow: number;
  readonly nestedInFlight: number;
  readonly chainDepth: number;
  readonly mailboxMessages: number;
  readonly queuedBytes: number;
  readonly inFlightBytes: number;
  readonly maxTurnMs: number;
  readonly turnGraceMs: number;
  readonly crashLimit: number;
}

/** Limits of calls. `HostOptions` documents each. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly maxPayloadBytes: number;
}

/** Options with all defaults filled in and checked, in one slice per part of the host. */
export interface ResolvedHostOptions {
  readonly listen: Address;
  /** Undefined for plaintext. */
  readonly tls: TlsFiles | undefined;
  readonly auth: TokenSource;
  /** Undefined to keep everything in memory. */
  readonly data: string | undefined;
  readonly dataBytes: number;
  readonly session: SessionLimits;
  readonly delivery: DeliveryLimits;
  readonly calls: CallLimits;
  /** `ageMs`: milliseconds for which a letter is kept. */
  readonly deadLetters: DeadLetterLimits & { readonly ageMs: number };
  readonly autogen: { readonly sharedTypes: boolean };
  readonly settleMs: number;
  readonly drainGraceMs: number;
  readonly alternateAddresses: readonly string[];
  readonly log: { readonly level: LogLevel };
}
