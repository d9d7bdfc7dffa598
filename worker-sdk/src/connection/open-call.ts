/**
 * One call to a host while it is open: what ends it from this side, and why.
 *
 * O1. The first reason to give it up is the one that its caller is told.
 * O2. After `end` it listens to nothing, and no timer of it runs.
 */
import { type Clock, failure, MeshError, type Timer } from "@agentmesh/proto";
import type { Address } from "./addresses.ts";
import { listenTo } from "./caller-signal.ts";

/** What is open of a call at grpc-js. */
interface Cancellable {
  cancel(): void;
}

export class OpenCall {
  readonly address: Address;
  /** Size of its request. */
  readonly bytes: number;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #call: Cancellable | undefined;
  #limit: Timer | undefined;
  #reason: MeshError | undefined;

  /** @throws MeshError `CANCELLED` when the signal has fired: nothing was sent. */
  constructor(address: Address, bytes: number, clock: Clock, signal: AbortSignal | undefined) {
    checkSignal(signal);
    this.address = address;
    this.bytes = bytes;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Why it was given up; undefined when the host ended it. */
  get reason(): MeshError | undefined {
    return this.#reason;
  }

  /** It is on its way. From now on the caller's signal ends it. */
  begun(call: Cancellable): void {
    this.#call = call;
    if (this.#signal !== undefined) listenTo(this.#signal, this);
  }

  /** It is given up unless it ends, or is limited anew, within this time: authoritative, whatever the host does. */
  limit(timeoutMs: number): void {
    this.unlimited();
    this.#limit = this.#clock.after(timeoutMs, () =>
      this.giveUp(new MeshError(failure("DEADLINE_EXCEEDED"))),
    );
  }

  /** It may take its time. */
  unlimited(): void {
    this.#limit?.cancel();
  }

  /** Ends it from this side; it then ends at grpc-js, too. */
  giveUp(reason: MeshError): void {
    this.#reason ??= reason;
    this.#call?.cancel();
  }

  /** It has ended. Idempotent. */
  end(): void {
    this.unlimited();
    this.#signal?.removeEventListener("abort", this);
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.giveUp(new MeshError(failure("CANCELLED"), { cause: this.#signal?.reason }));
  }
}

/** @throws MeshError `CANCELLED` when the signal has fired: nothing was sent. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const hints = { outcome: "not-executed", retryable: true } as const;
  throw new MeshError(failure("CANCELLED", undefined, hints), { cause: signal.reason });
}
