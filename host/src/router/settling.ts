/**
 * The time after a restart in which workers of the host's earlier life come back. A host learns that it had one when a
 * worker shows a token of a session that it does not know; then messages wait until `settleMs` after the start, so
 * that they meet the agents, agent types and subscriptions that were there before. Sends to agents that have come back
 * and to any key need not wait. Before the first such worker the host is like one that never ran: it refuses types that
 * nobody announced and places agents.
 */
import { type Clock, LIMITS, type Timer } from "@agentmesh/proto";

export class Settling {
  readonly #clock: Clock;
  readonly #endsAt: number;
  #phase: "unsuspecting" | "settling" | "settled" = "unsuspecting";
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;
  #onSettled: (() => void) | undefined;

  constructor(clock: Clock, settleMs: number) {
    this.#clock = clock;
    this.#endsAt = clock.now() + settleMs;
  }

  /** Whether messages wait for what is coming back. */
  get isActive(): boolean {
    return this.#phase === "settling";
  }

  /** A worker of an earlier life has come back. */
  survivorSeen(): void {
    if (this.#phase !== "unsuspecting") return;
    const left = this.#endsAt - this.#clock.now();
    this.#phase = left > 0 ? "settling" : "settled";
    if (left > 0) this.#timer = this.#clock.after(left, this.#settle);
  }

  /** Whether as much waits as may. */
  get isFull(): boolean {
    return this.#waiting.length >= LIMITS.settlingPublishes;
  }

  /** Runs `run` when the time is over. */
  whenSettled(run: () => void): void {
    if (this.#phase === "settling") this.#waiting.push(run);
    else run();
  }

  /** Calls `onSettled` when the time is over, after what has waited for it. */
  onSettled(onSettled: () => void): void {
    this.#onSettled = onSettled;
  }

  /** Waits no longer; what has waited does not run. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  readonly #settle = (): void => {
    this.#phase = "settled";
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
    this.#onSettled?.();
  };
}
