/**
 * What is on its way of dead letters, by the agent that it goes to.
 *
 * L1. A replay is pending in its lane, or claimed; `size` of a lane counts those that are claimed.
 * L2. `#ready` are exactly the lanes that have something pending and less than their share claimed.
 */
import { LIMITS } from "@agentmesh/proto";
import Denque from "denque";
import type { ReplayOrder } from "../store/dead-letter-store.ts";
import { FeedLane } from "./feed-lane.ts";

/** A letter on its way whose message is in the store. */
export interface PendingReplay extends ReplayOrder {
  /** What the letter counts. */
  readonly bytes: number;
  /** An earlier host may have delivered it. */
  readonly isInherited: boolean;
}

/** The letters on their way to one agent. */
class ReplayLane extends FeedLane {
  readonly pending = new Denque<PendingReplay>();
}

/** A replay that was taken from its lane. Whoever has claimed it lets it go, or gives it back. */
export interface ReplayClaim extends PendingReplay {
  readonly lane: ReplayLane;
}

export class ReplayLanes {
  readonly #lanes = new Map<string, ReplayLane>();
  readonly #ready = new Set<ReplayLane>();
  #size = 0;
  #claimed = 0;
  #claimedBytes = 0;

  /** Letters on their way. */
  get size(): number {
    return this.#size;
  }

  /** Puts a letter behind the others for its agent. */
  add(replay: PendingReplay): void {
    // No namespace has a slash in its name.
    const key = `${replay.letter.namespace}/${replay.to.text}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new ReplayLane(key);
      this.#lanes.set(key, lane);
    }
    lane.pending.push(replay);
    this.#size++;
    this.#look(lane);
  }

  /** Takes the next letters, as far as memory has room for their messages. */
  claim(most: number): ReplayClaim[] {
    const claims: ReplayClaim[] = [];
    for (const lane of this.#ready) {
      while (claims.length < most && this.#hasRoom && this.#ready.has(lane)) {
        const next = lane.pending.shift();
        if (next === undefined) break;
        claims.push({ ...next, lane });
        this.#claimed++;
        this.#claimedBytes += next.bytes;
        lane.size++;
        this.#look(lane);
      }
    }
    return claims;
  }

  /** What was claimed is pending again, in its old place. */
  giveBack(claims: readonly ReplayClaim[]): void {
    for (const { lane, ...pending } of claims.toReversed()) {
      lane.pending.unshift(pending);
      this.#unclaim(lane, pending.bytes);
    }
  }

  /** What was claimed is on its way no more. */
  letGo({ lane, bytes }: ReplayClaim): void {
    this.#size--;
    this.#unclaim(lane, bytes);
  }

  #unclaim(lane: ReplayLane, bytes: number): void {
    this.#claimed--;
    this.#claimedBytes -= bytes;
    lane.size--;
    this.#look(lane);
  }

  get #hasRoom(): boolean {
    return this.#claimed < LIMITS.openEvents && this.#claimedBytes < LIMITS.openEventBytes;
  }

  #look(lane: ReplayLane): void {
    const isReady = !lane.pending.isEmpty() && lane.size < LIMITS.openEventsPerLane;
    if (isReady) this.#ready.add(lane);
    else this.#ready.delete(lane);
    if (lane.pending.isEmpty() && lane.size === 0) this.#lanes.delete(lane.key);
  }
}
