import { LIMITS } from "@agentmesh/proto";

/**
 * What each worker instance has published already, so that a publish which comes again after a lost session is not
 * accepted twice. Bounded: instances that have not published for longest are forgotten.
 */

interface Mark {
  /** Largest sequence that was decided. */
  through: number;
  /** Sequences up to `through` that were refused: they may be tried again. The oldest are forgotten. */
  readonly refused: Set<number>;
}

export class PublisherMarks {
  readonly #marks = new Map<string, Mark>();

  /** The marks of one instance, for the session that writes them. */
  of(instance: string): PublisherMark {
    const known = this.#marks.get(instance) ?? { through: 0, refused: new Set<number>() };
    this.#marks.delete(instance);
    this.#marks.set(instance, known);
    const oldest =
      this.#marks.size > LIMITS.publishers ? this.#marks.keys().next().value : undefined;
    if (oldest !== undefined) this.#marks.delete(oldest);
    return new PublisherMark(known);
  }
}

/** What one instance has published. */
export class PublisherMark {
  readonly #mark: Mark;

  constructor(mark: Mark) {
    this.#mark = mark;
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
