import { type Clock, failure, MeshError, type Timer } from "@agentmesh/proto";
import { listenTo } from "../connection/caller-signal.ts";
import type { CallBounds } from "../connection/host-calls.ts";
import { checkTimeout } from "./outgoing.ts";

/** How long to wait for an answer. */
export interface WaitOptions {
  /** Milliseconds until it fails with `DEADLINE_EXCEEDED`; above 0 and at most 4 294 967 295. Default: 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting; it then fails with `CANCELLED`, and the signal's reason is the cause. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** What bounds a wait; `defaultMs` is for who does not say how long. @throws MeshError `INVALID_ARGUMENT`. */
export function boundsOf({ timeoutMs, signal }: WaitOptions, defaultMs: number): CallBounds {
  const isTold = timeoutMs !== undefined;
  return { timeoutMs: isTold ? checkTimeout(timeoutMs) : defaultMs, isTold, signal };
}

/** Somebody's waiting: it ends by itself after a time, or when the caller's signal fires. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #caller: AbortSignal | undefined;
  readonly #late: string;

  /**
   * `defaultMs` is for who does not say how long, `late` what to say when the time is up.
   * @throws MeshError `INVALID_ARGUMENT`, `CANCELLED`.
   */
  constructor(
    clock: Clock,
    options: WaitOptions,
    defaultMs: number,
    late = "the host did not answer",
  ) {
    this.#late = late;
    const { timeoutMs, signal } = boundsOf(options, defaultMs);
    this.#caller = signal;
    if (this.#caller?.aborted === true) throw this.#cancelled;
    this.#timer = clock.after(timeoutMs, this.#expire);
    if (this.#caller !== undefined) listenTo(this.#caller, this.#cancel);
  }

  /** Fires when it is over, with a MeshError that says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** There is nothing to wait for any more. Idempotent. */
  end(): void {
    this.#timer.cancel();
    this.#caller?.removeEventListener("abort", this.#cancel);
  }

  get #cancelled(): MeshError {
    const cause: unknown = this.#caller?.reason;
    return new MeshError(failure("CANCELLED", undefined, REPEATABLE), { cause });
  }

  readonly #expire = (): void => {
    this.#giveUp(new MeshError(failure("DEADLINE_EXCEEDED", this.#late, REPEATABLE)));
  };

  readonly #cancel = (): void => {
    this.#giveUp(this.#cancelled);
  };

  #giveUp(reason: MeshError): void {
    this.end();
    this.#controller.abort(reason);
  }
}

/** The host is told the same when it is asked again. */
const REPEATABLE = { outcome: "unknown", retryable: true } as const;
