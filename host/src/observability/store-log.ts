import { type Clock, failureOf } from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../model/dead-letter.ts";
import type { DurableSubscription } from "../model/durable-subscription.ts";
import { LineBudget } from "./line-budget.ts";
import type { Logger } from "./logger.ts";

/** A flood of dead letters must not become a flood of log lines. */
const LINES_PER_SECOND = 10;

/** Tells what goes into the store, and what it refuses. */
export class StoreLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #parkedLines = new LineBudget(LINES_PER_SECOND);
  readonly #refusedLines = new LineBudget(LINES_PER_SECOND);

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** A message was parked. */
  parked({ id, namespace, target, attempts, crashes, failure }: DeadLetter): void {
    const leftOut = this.#parkedLines.take(this.#clock.now());
    if (leftOut === undefined) return;
    const message = { id, namespace, target: target.text, attempts, crashes };
    this.#logger.emit("message.parked", { ...message, code: failure.code, leftOut });
  }

  /** A message that was to be parked is lost. */
  notKept({ id, namespace, target }: DeadLetter, error: unknown): void {
    const leftOut = this.#refusedLines.take(this.#clock.now());
    if (leftOut === undefined) return;
    const { code, text } = failureOf(error);
    this.#logger.emit("message.lost", { id, namespace, target: target.text, code, text, leftOut });
  }

  /** The store refused something of a dead letter that is on its way again; it is tried again. */
  replayRefused({ id, namespace, target }: DeadLetterName, error: unknown): void {
    const leftOut = this.#refusedLines.take(this.#clock.now());
    if (leftOut === undefined) return;
    const { code, text } = failureOf(error);
    const fields = { id, namespace, target: target.text, code, text, leftOut };
    this.#logger.emit("replay.refused", fields);
  }

  /** The store refused something of a durable subscription, which is tried again. */
  refused({ namespace, name: subscription }: DurableSubscription, error: unknown): void {
    const leftOut = this.#refusedLines.take(this.#clock.now());
    if (leftOut === undefined) return;
    const { code, text } = failureOf(error);
    this.#logger.emit("store.refused", { namespace, subscription, code, text, leftOut });
  }
}
