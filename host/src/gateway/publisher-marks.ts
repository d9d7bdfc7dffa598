/**
 * What each worker instance has published already, so that a publish which comes again after a lost session is not
 * accepted twice. Bounded: the instances that have been gone for longest are forgotten.
 */
import { LIMITS } from "@agentmesh/proto";
import type { Publisher } from "../router/fanout.ts";
import type { PublisherMark as StoredMark } from "../store/ports.ts";

interface Mark {
  /** Largest sequence that was decided. */
  through: number;
  /** Sequences up to `through` that were refused: they may be tried again. The oldest are forgotten. */
  readonly refused: Set<number>;
  /** Publishes that are on their way to the disk, each with its end. */
  readonly storing: Map<number, Promise<unknown>>;
}

export class PublisherMarks {
  /** By namespace and instance, which may be the same in two of them; who has been gone for longest is the first. */
  readonly #marks = new Map<string, Mark>();

  /** Takes up what an earlier host has stored: the marks that changed last, the latest first. */
  restore(stored: readonly StoredMark[]): void {
    for (const { namespace, instance, through, refused } of stored.toReversed()) {
      const mark = { through, refused: new Set(refused), storing: new Map() };
      this.#keep(keyOf(namespace, instance), mark);
    }
  }

  /** The marks of one instance, for the session that writes them until it leaves. */
  of(namespace: string, instance: string): PublisherMark {
    const key = keyOf(namespace, instance);
    const mark = this.#marks.get(key) ?? newMark();
    this.#keep(key, mark);
    // From then on it is gone; if it was here for long, it may have been forgotten meanwhile.
    return new PublisherMark(instance, mark, () => this.#keep(key, mark));
  }

  #keep(key: string, mark: Mark): void {
    this.#marks.delete(key);
    this.#marks.set(key, mark);
    const oldest =
      this.#marks.size > LIMITS.publishers ? this.#marks.keys().next().value : undefined;
    if (oldest !== undefined) this.#marks.delete(oldest);
  }
}

/** No namespace holds a slash. */
function keyOf(namespace: string, instance: string): string {
  return `${namespace}/${instance}`;
}

function newMark(): Mark {
  return { through: 0, refused: new Set(), storing: new Map() };
}

/** What one instance has published. */
export class PublisherMark implements Publisher {
  readonly #instance: string;
  readonly #mark: Mark;
  readonly #onGone: () => void;
  /** The publish that is being taken. */
  #taken = 0;

  constructor(instance: string, mark: Mark, onGone: () => void) {
    this.#instance = instance;
    this.#mark = mark;
    this.#onGone = onGone;
  }

  /** The session of the instance has ended. */
  gone(): void {
    this.#onGone();
  }

  /** A publish is about to be taken, or several together, of which this is the largest. */
  takes(sequence: number): void {
    this.#taken = sequence;
  }

  /** The mark as it is to be stored with the publish that is being taken. */
  mark(): { instance: string; through: number; refused: number[] } {
    const through = Math.max(this.#mark.through, this.#taken);
    return { instance: this.#instance, through, refused: [...this.#mark.refused] };
  }

  /** The publish is on its way to the disk. */
  stores(sequence: number, stored: Promise<unknown>): void {
    const { storing } = this.#mark;
    storing.set(sequence, stored);
    const forget = () => storing.delete(sequence);
    stored.then(forget, forget);
  }

  /** When the publish will be on the disk; undefined when it is not on its way there. */
  storing(sequence: number): Promise<unknown> | undefined {
    return this.#mark.storing.get(sequence);
  }

  /** Whether this publish was accepted before. */
  wasAccepted(sequence: number): boolean {
    return sequence <= this.#mark.through && !this.#mark.refused.has(sequence);
  }

  accepted(sequence: number): void {
    if (sequence > this.#mark.through) this.#mark.through = sequence;
    this.#mark.refused.delete(sequence);
  }

  refused(sequence: number): void {
    if (sequence > this.#mark.through) this.#mark.through = sequence;
    this.#mark.refused.add(sequence);
    const oldest =
      this.#mark.refused.size > LIMITS.refusedPublishes
        ? this.#mark.refused.values().next().value
        : undefined;
    if (oldest !== undefined) this.#mark.refused.delete(oldest);
  }
}
