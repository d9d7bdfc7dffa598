import { DEFAULTS, invalid, isTopicType, quote } from "@agentmesh/proto";
import { DEFAULT_TOPIC_TYPE } from "./default-topic.ts";
import type { AgentDefinition, TopicPattern } from "./definition.ts";

// Timers of Node fire at once when they are set for longer.
const MAX_MS = 2_147_483_647;
const MAX_TURNS = 65_535;
const MAX_DESCRIPTION_CHARACTERS = 1_000;

/** Options that agents of every making share. All may be left out. */
export interface AgentOptions {
  /** One sentence for people, at most 1 000 characters. Default: empty. */
  readonly description?: string | undefined;
  /**
   * Topics that every agent of the type is subscribed to: a topic type, or `{ typePrefix }` for all types that start
   * with it (empty: every topic). An event goes to the agent whose key is the topic's source. Default: none.
   */
  readonly subscriptions?: readonly (string | TopicPattern)[] | undefined;
  /** Whether the agents are subscribed to the topic type `default` as well. Default: false. */
  readonly defaultSubscription?: boolean | undefined;
  /**
   * Turns of one agent that may run at the same time, 1–65 535. Default: 1, which keeps messages in order and lets no
   * two turns see each other's half-done work.
   */
  readonly concurrency?: number | undefined;
  /** Milliseconds of idleness after which an agent is deactivated, 0 (never) to 2 147 483 647. Default: 300 000. */
  readonly idleMs?: number | undefined;
  /**
   * Milliseconds after which a turn is signalled and then abandoned, 0–2 147 483 647. Default: 0, which leaves it to
   * the runtime (600 000).
   */
  readonly maxTurnMs?: number | undefined;
  /**
   * Deliveries that the host may have in flight to one agent, 0–65 535 and not below `concurrency`; what exceeds it
   * waits at the host. Default: 0, which leaves it to the host (16), or `concurrency` when that is larger.
   */
  readonly agentWindow?: number | undefined;
}

/** {@link AgentOptions} with every default filled in. */
export type ResolvedAgentOptions = Pick<
  AgentDefinition<unknown>,
  "description" | "subscriptions" | "concurrency" | "idleMs" | "maxTurnMs" | "agentWindow"
>;

/**
 * Checks the options of an agent type and fills in the defaults.
 * @throws MeshError `INVALID_ARGUMENT` naming the option and what it may be.
 */
export function resolveAgentOptions(
  agentType: string,
  options: AgentOptions,
): ResolvedAgentOptions {
  const check = new OptionCheck(agentType);
  const concurrency = check.integer("concurrency", options.concurrency ?? 1, 1, MAX_TURNS);
  return {
    description: check.text("description", options.description ?? "", MAX_DESCRIPTION_CHARACTERS),
    subscriptions: resolveSubscriptions(check, options),
    concurrency,
    idleMs: check.integer("idleMs", options.idleMs ?? DEFAULTS.idleMs, 0, MAX_MS),
    maxTurnMs: check.integer("maxTurnMs", options.maxTurnMs ?? 0, 0, MAX_MS),
    agentWindow: resolveAgentWindow(check, options.agentWindow ?? 0, concurrency),
  };
}

function resolveAgentWindow(check: OptionCheck, agentWindow: number, concurrency: number): number {
  if (agentWindow === 0) return concurrency > DEFAULTS.agentWindow ? concurrency : 0;
  return check.integer("agentWindow", agentWindow, concurrency, MAX_TURNS, "0 or ");
}

function resolveSubscriptions(check: OptionCheck, options: AgentOptions): readonly TopicPattern[] {
  const listed = options.subscriptions ?? [];
  const all = options.defaultSubscription === true ? [...listed, DEFAULT_TOPIC_TYPE] : listed;
  const patterns = all.map((entry) => (typeof entry === "string" ? { type: entry } : entry));
  const seen = new Set<string>();
  for (const pattern of patterns) {
    const text = JSON.stringify(pattern);
    if (seen.has(text)) throw check.refuse("subscriptions", "free of duplicates", text);
    seen.add(text);
    checkPattern(check, pattern);
  }
  return patterns;
}

function checkPattern(check: OptionCheck, pattern: TopicPattern): void {
  const type = "type" in pattern ? pattern.type : pattern.typePrefix;
  const everything = "typePrefix" in pattern && type === "";
  if (everything || isTopicType(type)) return;
  const range = "topic types of 1–256 word characters, dots, colons, equals signs and hyphens";
  throw check.refuse("subscriptions", range, quote(type));
}

/** Checks options one by one and says in one form what is wrong. */
class OptionCheck {
  readonly #agentType: string;

  constructor(agentType: string) {
    this.#agentType = agentType;
  }

  integer(option: string, value: number, min: number, max: number, or = ""): number {
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw this.refuse(option, `${or}an integer of ${min}–${max}`, String(value));
  }

  text(option: string, value: string, maxCharacters: number): string {
    if (value.length <= maxCharacters) return value;
    throw this.refuse(option, `at most ${maxCharacters} characters`, `${value.length} characters`);
  }

  refuse(option: string, allowed: string, given: string): Error {
    return invalid(`agent type ${this.#agentType}: ${option} must be ${allowed}, not ${given}`);
  }
}
