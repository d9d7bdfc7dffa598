/** The publishes of one session: hands them to the router and tells the worker what became of each. */
import { type Failure, failureOf } from "@agentmesh/proto";
import type { PublishFrame } from "@agentmesh/proto/wire";
import type { PublishOutcome } from "../router/router.ts";
import type { PublisherMark } from "./publisher-marks.ts";

interface Answers {
  accepted(sequences: readonly number[]): void;
  refused(sequence: number, reason: Failure): void;
}

export class Publishes {
  readonly #mark: PublisherMark;
  readonly #answers: Answers;
  #accepted: number[] = [];
  #storing = 0;
  #isFlushDue = false;

  constructor(mark: PublisherMark, answers: Answers) {
    this.#mark = mark;
    this.#answers = answers;
  }

  /** Publishes that are on their way to the disk. */
  get storing(): number {
    return this.#storing;
  }

  /** Nothing more is taken. */
  close(): void {
    this.#mark.gone();
  }

  /** Takes a publish, unless it was accepted before. */
  take(frame: PublishFrame, route: (mark: PublisherMark) => PublishOutcome): void {
    const { sequence } = frame;
    const stored = frame.resent ? this.#mark.storing(sequence) : undefined;
    if (stored !== undefined) return this.#await([sequence], stored);
    if (frame.resent && this.#mark.wasAccepted(sequence)) {
      this.#accepted.push(sequence);
      return;
    }
    this.#mark.takes(sequence);
    const outcome = route(this.#mark);
    if (outcome.kind === "storing") {
      this.#mark.stores(sequence, outcome.stored);
      this.#await([sequence], outcome.stored);
    } else this.#answer(sequence, outcome.kind === "accepted" ? undefined : outcome.failure);
  }

  /** Takes the publishes of a turn's end, which are accepted together or refused together. */
  takeAll(
    frames: readonly PublishFrame[],
    route: (mark: PublisherMark) => Failure | undefined | Promise<undefined>,
  ): void {
    const sequences = frames.map(({ sequence }) => sequence);
    this.#mark.takes(sequences.reduce((largest, sequence) => Math.max(largest, sequence), 0));
    const outcome = route(this.#mark);
    if (outcome instanceof Promise) {
      for (const sequence of sequences) this.#mark.stores(sequence, outcome);
      this.#await(sequences, outcome);
    } else for (const sequence of sequences) this.#answer(sequence, outcome);
  }

  /** Answers publishes when their events are on the disk. */
  #await(sequences: readonly number[], stored: Promise<unknown>): void {
    this.#storing++;
    const settle = (refusal: Failure | undefined): void => {
      this.#storing--;
      for (const sequence of sequences) this.#answer(sequence, refusal);
      this.#flushSoon();
    };
    stored.then(
      () => settle(undefined),
      (error: unknown) => settle(failureOf(error)),
    );
  }

  /** Answers one publish: accepted without a refusal. */
  #answer(sequence: number, refusal: Failure | undefined): void {
    if (refusal === undefined) {
      this.#mark.accepted(sequence);
      this.#accepted.push(sequence);
    } else {
      this.#mark.refused(sequence);
      this.#answers.refused(sequence, refusal);
    }
  }

  /** Tells what was accepted since the last time. */
  flush(): void {
    if (this.#accepted.length === 0) return;
    this.#answers.accepted(this.#accepted);
    this.#accepted = [];
  }

  /** What was stored together is told together. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }
}
