import { invalid, isAgentType, quote } from "@agentmesh/proto";
import type { AnnouncedDurable } from "../connection/mesh-port.ts";

/**
 * Makes a subscription durable: the host keeps its events on disk until they are handled, whoever is there, and it ends
 * only when somebody ends it. Its handlers may see an event more than once.
 */
export interface DurableOptions {
  /** Name of the subscription within the namespace: 1–128 word characters, dots and hyphens. */
  readonly name: string;
  /** How often an event is tried before it becomes a dead letter, from 1. Default 5. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds before the second attempt, from 1; each later wait doubles. Default 200. */
  readonly backoffMs?: number | undefined;
  /** Milliseconds that no wait between attempts exceeds, from 1. Default 30 000. */
  readonly maxRetryMs?: number | undefined;
  /** Milliseconds after which an event that was not handled becomes a dead letter, from 1. Default 7 days. */
  readonly retentionMs?: number | undefined;
  /**
   * Whether the options of an existing subscription of this name are replaced, once. Default false: differing from them
   * is refused with `SUBSCRIPTION_CONFLICT`.
   */
  readonly update?: boolean | undefined;
}

const MOST = 4_294_967_295;

/** The options as the host is told them; it fills in what is left out. @throws MeshError `INVALID_ARGUMENT`. */
export function resolveDurable(options: DurableOptions): AnnouncedDurable {
  const { name, update = false } = options;
  if (!isAgentType(name)) {
    throw invalid(
      `durable subscription ${quote(name)} needs a name of 1–128 word characters, dots and hyphens`,
    );
  }
  return {
    name,
    maxAttempts: whole("maxAttempts", options.maxAttempts, MOST),
    backoffMs: whole("backoffMs", options.backoffMs, MOST),
    maxRetryMs: whole("maxRetryMs", options.maxRetryMs, MOST),
    retentionMs: whole("retentionMs", options.retentionMs, Number.MAX_SAFE_INTEGER),
    update,
  };
}

/** 0 leaves it to the host. */
function whole(name: string, value: number | undefined, most: number): number {
  if (value === undefined) return 0;
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`durable.${name} must be a whole number from 1 to ${most}, got ${value}`);
}
