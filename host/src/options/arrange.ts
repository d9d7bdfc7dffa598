import { invalid } from "@agentmesh/proto";
import { parseAddress } from "./address.ts";
import type { DeliveryLimits, ResolvedHostOptions, SessionLimits } from "./resolved-options.ts";
import { authOf, checkOrder, checkReach, tlsOf } from "./rules.ts";
import type { CompleteOptions } from "./source.ts";

/**
 * Checks what options mean together and groups them by the part of the host that needs them.
 *
 * @throws MeshError `INVALID_ARGUMENT` that names the options and what is allowed.
 */
export function arrange(all: CompleteOptions): ResolvedHostOptions {
  checkOrder(all);
  const listen = parseAddress(all.listen);
  if (listen === undefined) throw invalid(`listen: ${all.listen} is no address`);
  const tls = tlsOf(all);
  const auth = authOf(all);
  checkReach(all, listen);
  return {
    listen,
    tls,
    auth,
    data: all.data,
    dataBytes: all.dataBytes,
    session: sessionOf(all),
    delivery: deliveryOf(all),
    calls: { timeoutMs: all.timeoutMs, maxPayloadBytes: all.maxPayloadBytes },
    deadLetters: {
      count: all.deadLetters,
      bytes: all.deadLetterBytes,
      ageMs: all.deadLetterAgeMs,
    },
    autogen: { sharedTypes: all.autogenSharedTypes },
    settleMs: all.settleMs,
    drainGraceMs: all.drainGraceMs,
    alternateAddresses: all.alternateAddresses,
    log: { level: all.logLevel },
  };
}

function sessionOf(all: CompleteOptions): SessionLimits {
  return {
    leaseMs: all.leaseMs,
    sessionGraceMs: all.sessionGraceMs,
    heartbeatMs: all.heartbeatMs,
    livenessMs: all.livenessMs,
    requestWindow: all.requestWindow,
    requestWindowBytes: all.requestWindowBytes,
    replayBytes: all.replayBytes,
    outboxLimitBytes: all.outboxLimitBytes,
    maxSessions: all.maxSessions,
  };
}

function deliveryOf(all: CompleteOptions): DeliveryLimits {
  return {
    maxInFlight: all.maxInFlight,
    agentWindow: all.agentWindow,
    nestedInFlight: all.nestedInFlight,
    chainDepth: all.chainDepth,
    mailboxMessages: all.mailboxMessages,
    queuedBytes: all.queuedBytes,
    inFlightBytes: all.inFlightBytes,
    maxTurnMs: all.maxTurnMs,
    turnGraceMs: all.turnGraceMs,
    crashLimit: all.crashLimit,
  };
}
