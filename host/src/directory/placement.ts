/** Where agents without activation go. Pure. */

/** A worker as placement sees it. */
export interface Candidate {
  /** Hash of the worker's identity: see {@link hashOf}. */
  readonly placementHash: number;
  /** Deliveries in flight to it. */
  readonly load: number;
  /** Whether new agents may be placed on it. */
  readonly isPlaceable: boolean;
  /** Whether it can be reached but should lose the agents that it has. */
  readonly isLeaving: boolean;
}

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): the candidate with the highest score for the key. When a worker
 * comes or goes, only the keys that it wins or held move.
 */
export function rendezvous<Worker extends Candidate>(
  key: string,
  workers: Iterable<Worker>,
  mayTake = (worker: Worker): boolean => worker.isPlaceable,
): Worker | undefined {
  const keyHash = hashOf(key);
  let best: Worker | undefined;
  let bestScore = -1;
  for (const worker of workers) {
    if (!mayTake(worker)) continue;
    const score = mix(keyHash ^ worker.placementHash);
    if (score > bestScore) {
      best = worker;
      bestScore = score;
    }
  }
  return best;
}

/** The candidate with the fewest deliveries in flight. */
export function leastLoaded<Worker extends Candidate>(
  workers: Iterable<Worker>,
): Worker | undefined {
  let best: Worker | undefined;
  for (const worker of workers) {
    if (worker.isPlaceable && (best === undefined || worker.load < best.load)) best = worker;
  }
  return best;
}

const FNV_BASIS = 0x811c9dc5;

/** FNV-1a over the characters, 32 bits. Another basis makes another hash. */
export function hashOf(text: string, basis = FNV_BASIS): number {
  let hash = basis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: spreads every bit of the input over the output. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
