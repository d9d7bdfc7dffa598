/**
 * Which messages have something put in their way.
 *
 * X1. The same seed and the same rules decide the same for the n-th message of a kind between the same two agents,
 *     whatever else happens at the same time: chance does not depend on the order in which sockets are read.
 */
import { type AgentId, invalid, meshError, type TopicId } from "@agentmesh/proto";
import type { FaultKind } from "./entry.ts";

/** On which part of its way a message is: to an agent that is asked, back from it, or to an agent that is subscribed. */
export type Leg = "request" | "reply" | "event";

/** A message on its way, as rules see it. */
export interface InTransit {
  /** On which part of its way it is. */
  readonly leg: Leg;
  /** Name of its type; for a reply that of the request. */
  readonly messageType: string;
  /** The agent that it comes from; undefined when it comes from outside of any agent. */
  readonly from: AgentId | undefined;
  /** The agent that it goes to; undefined for a reply to who is outside of any agent. */
  readonly to: AgentId | undefined;
  /** The topic of an event; undefined otherwise. */
  readonly topic: TopicId | undefined;
}

/** What to put in the way of which messages. The first rule that applies to a message counts. */
export interface FaultRule {
  /**
   * `drop`: it does not arrive. A request or a reply that is dropped ends for the sender at its deadline; an event is
   * gone for this receiver.
   * `delay`: it arrives `delayMs` later, and what follows it to the same agent waits behind it.
   * `duplicate`: an event comes once more after its turn, as when the acknowledgement was lost. Requests and replies
   * are never delivered twice by a mesh, so that they pass.
   * `cut`: the connection of the runtime that it comes to is cut when it has arrived, and made again at once.
   */
  readonly fault: FaultKind;
  /** Milliseconds on the clock of the test, or the least and the most, between which chance decides. Default: [1, 100]. */
  readonly delayMs?: number | readonly [number, number];
  /** Part of the messages, 0 to 1. Default: 1. */
  readonly chance?: number;
  /** Messages until the rule is used up. Default: no limit. */
  readonly times?: number;
  /** Which messages. Default: all. */
  readonly when?: (message: InTransit) => boolean;
}

/** What is put in the way of a message. */
export type Fault =
  | { readonly kind: "drop" | "duplicate" | "cut" }
  | {
      readonly kind: "delay";
      /** Milliseconds on the clock of the test. */
      readonly delayMs: number;
    };

interface Rule extends FaultRule {
  readonly least: number;
  readonly most: number;
  used: number;
}

const DELAY_MS = [1, 100] as const;

/** The rules of a test. They may change while it runs. */
export class Faults {
  /** What chance is made of. */
  readonly seed: number;
  readonly #canCut: boolean;
  #onChance: (() => void) | undefined;
  readonly #rules: Rule[] = [];
  /** Messages of a kind between two agents so far. */
  readonly #counts = new Map<string, number>();

  /** `onChance` is called when chance first has a say. */
  constructor(seed: number, canCut: boolean, onChance?: () => void) {
    this.seed = seed;
    this.#canCut = canCut;
    this.#onChance = onChance;
  }

  /** Adds a rule behind those that are there. @throws MeshError `INVALID_ARGUMENT` for a number out of range. */
  add(rule: FaultRule): void {
    if (rule.fault === "cut" && !this.#canCut) {
      throw meshError("UNIMPLEMENTED", "a local runtime has no connection to cut: give createHost");
    }
    const { delayMs = DELAY_MS } = rule;
    const [least, most] = typeof delayMs === "number" ? [delayMs, delayMs] : delayMs;
    check("chance", rule.chance ?? 1, 0, 1);
    check("delayMs", least, 0, most);
    check("delayMs", most, least, Number.MAX_SAFE_INTEGER);
    check("times", rule.times ?? 1, 1, Number.POSITIVE_INFINITY);
    this.#rules.push({ ...rule, least, most, used: 0 });
    if ((rule.chance ?? 1) === 1 && (rule.fault !== "delay" || least === most)) return;
    this.#onChance?.();
    this.#onChance = undefined;
  }

  /** From now on everything passes. What is delayed still is. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** Whether everything passes. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** What is put in the way of the next message; undefined when it passes. */
  decide(message: InTransit): Fault | undefined {
    const way = wayOf(message);
    const count = (this.#counts.get(way) ?? 0) + 1;
    this.#counts.set(way, count);
    for (const [index, rule] of this.#rules.entries()) {
      if (!applies(rule, message)) continue;
      const chance = (what: string) => chanceOf(`${this.seed} ${what} ${index} ${count} ${way}`);
      if (chance("whether") >= (rule.chance ?? 1)) continue;
      rule.used++;
      if (rule.fault !== "delay") return { kind: rule.fault };
      const span = rule.most - rule.least;
      return { kind: "delay", delayMs: Math.round(rule.least + chance("how long") * span) };
    }
    return undefined;
  }
}

function applies({ fault, times, when, used }: Rule, message: InTransit): boolean {
  if (used >= (times ?? Number.POSITIVE_INFINITY)) return false;
  if (fault === "duplicate" && message.leg !== "event") return false;
  return when === undefined || when(message);
}

function wayOf({ leg, messageType, from, to, topic }: InTransit): string {
  return `${leg} ${messageType} ${topic ?? ""} ${from ?? ""} → ${to ?? ""}`;
}

function check(option: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw invalid(`${option} of a fault must be from ${least} to ${most}, not ${value}`);
}

/** A number from 0 up to 1 that belongs to a text: FNV-1a, and a last step that spreads the bits. */
function chanceOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 0x100000000;
}
