/**
 * Which agent types an event goes to. One entry per (pattern, agent type), owned by every session that declared it.
 *
 * S1. `#exact` and `#prefixes` are authoritative; `#matches` is a cache of both, emptied by every change.
 * S2. An agent type is matched at most once per topic, whatever the number of its subscriptions.
 */
import { LIMITS } from "@agentmesh/proto";
import type { TopicMatch } from "../model/topic-match.ts";

/** A subscription as one session declared it. */
export interface SubscriptionEntry {
  readonly id: string;
  readonly match: TopicMatch;
  readonly agentType: string;
}

type ByAgentType = Map<string, Set<object>>;

export class Subscriptions {
  readonly #exact = new Map<string, ByAgentType>();
  readonly #prefixes = new Map<string, ByAgentType>();
  /** Lengths of the prefixes in use, with their count: a topic is looked up once per length. */
  readonly #lengths = new Map<number, number>();
  readonly #matches = new Map<string, readonly string[]>();
  #size = 0;
  #generation = 0;

  /** Number of declarations. */
  get size(): number {
    return this.#size;
  }

  /** Changes with every change of the subscriptions. */
  get generation(): number {
    return this.#generation;
  }

  /** Declares a subscription for `owner`. Declaring it again changes nothing. */
  add(entry: SubscriptionEntry, owner: object): void {
    const index = this.#indexOf(entry.match);
    let agentTypes = index.get(entry.match.text);
    if (agentTypes === undefined) {
      agentTypes = new Map();
      index.set(entry.match.text, agentTypes);
      if (entry.match.kind === "prefix") this.#countLength(entry.match.text.length, 1);
    }
    const owners = agentTypes.get(entry.agentType) ?? new Set();
    agentTypes.set(entry.agentType, owners);
    if (owners.has(owner)) return;
    owners.add(owner);
    this.#size++;
    this.#changed();
  }

  /** Ends the declaration of `owner`. */
  remove(entry: SubscriptionEntry, owner: object): void {
    const index = this.#indexOf(entry.match);
    const agentTypes = index.get(entry.match.text);
    const owners = agentTypes?.get(entry.agentType);
    if (agentTypes === undefined || owners?.delete(owner) !== true) return;
    this.#size--;
    if (owners.size === 0) agentTypes.delete(entry.agentType);
    if (agentTypes.size === 0) {
      index.delete(entry.match.text);
      if (entry.match.kind === "prefix") this.#countLength(entry.match.text.length, -1);
    }
    this.#changed();
  }

  /** Whether the topic type was matched since the last change, so that its grammar was checked. */
  isKnown(topicType: string): boolean {
    return this.#matches.has(topicType);
  }

  /** The agent types that get the events of this topic type, each once. */
  match(topicType: string): readonly string[] {
    const known = this.#matches.get(topicType);
    if (known !== undefined) return known;
    const found = this.#find(topicType);
    if (this.#matches.size >= LIMITS.cachedTopics) this.#matches.clear();
    this.#matches.set(topicType, found);
    return found;
  }

  /** All subscriptions, in no particular order. */
  *entries(): Generator<Omit<SubscriptionEntry, "id">> {
    for (const [kind, index] of [
      ["exact", this.#exact] as const,
      ["prefix", this.#prefixes] as const,
    ]) {
      for (const [text, agentTypes] of index) {
        for (const agentType of agentTypes.keys()) yield { match: { kind, text }, agentType };
      }
    }
  }

  #find(topicType: string): readonly string[] {
    const found = new Set<string>(this.#exact.get(topicType)?.keys());
    for (const length of this.#lengths.keys()) {
      if (length > topicType.length) continue;
      const agentTypes = this.#prefixes.get(topicType.slice(0, length));
      for (const agentType of agentTypes?.keys() ?? []) found.add(agentType);
    }
    return [...found];
  }

  #indexOf(match: TopicMatch): Map<string, ByAgentType> {
    return match.kind === "exact" ? this.#exact : this.#prefixes;
  }

  #countLength(length: number, change: number): void {
    const count = (this.#lengths.get(length) ?? 0) + change;
    if (count === 0) this.#lengths.delete(length);
    else this.#lengths.set(length, count);
  }

  #changed(): void {
    this.#generation++;
    this.#matches.clear();
  }
}
