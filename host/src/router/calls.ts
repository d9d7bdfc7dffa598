/**
 * Pending calls: every send from its acceptance to its one result. All its endings come together in `#settle`:
 * the reply or failure of its turn, the deadline, the caller's cancel, a refusal, the loss of the worker, the end of
 * the caller.
 *
 * C1. A call is in `caller.pending` and its deadline is armed exactly until it is settled; the caller of a stream may
 *     hold the deadline by giving no credit.
 * C2. `settled` goes from false to true once, and the caller's sink is told then and only then.
 */
import { type Clock, type Deadlines, failure, meshError } from "@agentmesh/proto";
import type { ContentBytes, Ending } from "@agentmesh/proto/wire";
import type { CallDelivery, CallSettlement } from "../delivery/delivery.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { Tap } from "../delivery/tap.ts";
import type { Counters } from "../observability/counters.ts";
import { type Caller, callerOf } from "./caller.ts";

interface Parts {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly dispatcher: Dispatcher;
  readonly counters: Counters;
  readonly tap: Tap;
}

export class Calls implements CallSettlement {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #dispatcher: Dispatcher;
  readonly #counters: Counters;
  readonly #tap: Tap;
  #size = 0;

  constructor(parts: Parts) {
    this.#clock = parts.clock;
    this.#deadlines = parts.deadlines;
    this.#dispatcher = parts.dispatcher;
    this.#counters = parts.counters;
    this.#tap = parts.tap;
  }

  /** Number of unsettled calls. */
  get size(): number {
    return this.#size;
  }

  /** Notes a call as pending and starts its deadline. */
  open(caller: Caller, call: CallDelivery): void {
    caller.pending.set(call.origin.request, call);
    if (!call.isNested) {
      caller.unsettledRoots++;
      caller.unsettledBytes += call.content.length;
    }
    this.#size++;
    this.#deadlines.arm(call, call.deadlineAt - this.#clock.now());
    this.#tap.watcher?.sent(call);
  }

  /** Passes one element of a stream of replies on. */
  chunk(call: CallDelivery, content: ContentBytes): void {
    if (call.settled) return;
    const { stream } = call;
    if (stream === undefined || call.isHeld) {
      this.#dispatcher.withdraw(call, "STREAM_OVERRUN");
      this.#settle(call, { kind: "failed", failure: failure("STREAM_OVERRUN") });
      return;
    }
    stream.chunks -= 1;
    stream.bytes -= content.length;
    this.#counters.chunks++;
    if (call.isHeld) this.#deadlines.disarm(call);
    else this.#restart(call);
    callerOf(call).sink.chunk(call.origin.request, content);
  }

  /** Ends a stream that cannot go on. */
  breakOff(call: CallDelivery, ending: Ending): void {
    this.#dispatcher.withdraw(call, "CANCELLED");
    this.#settle(call, ending);
  }

  /** The caller of a stream can take more. */
  grant(caller: Caller, request: number, chunks: number, bytes: number): void {
    const call = caller.pending.get(request);
    if (call?.stream === undefined) return;
    call.stream.chunks += chunks;
    call.stream.bytes += bytes;
    this.#restart(call);
    if (call.phase === "shipped") call.worker?.sink.grantStream(call.number, chunks, bytes);
  }

  /** The caller gives a call up. */
  cancel(caller: Caller, request: number): void {
    const call = caller.pending.get(request);
    if (call !== undefined) this.#giveUp(call, "CANCELLED");
  }

  /** A caller is gone: nobody waits for its calls any more. */
  cancelAll(caller: Caller): void {
    for (const call of caller.pending.values()) this.#giveUp(call, "CANCELLED");
  }

  /** @throws MeshError `PROTOCOL_VIOLATION` when the number is in use. */
  checkRequest(caller: Caller, request: number): void {
    if (request === 0 || caller.pending.has(request)) {
      throw meshError(
        "PROTOCOL_VIOLATION",
        `request number ${request} is ${request === 0 ? "not allowed" : "in use"}`,
      );
    }
  }

  ended(call: CallDelivery, ending: Ending): void {
    this.#settle(call, ending);
  }

  expired(call: CallDelivery): void {
    if (!call.settled) this.#giveUp(call, "DEADLINE_EXCEEDED");
  }

  #giveUp(call: CallDelivery, code: "CANCELLED" | "DEADLINE_EXCEEDED"): void {
    const started = this.#dispatcher.withdraw(call, code);
    const outcome = started ? "unknown" : "not-executed";
    this.#settle(call, {
      kind: "failed",
      failure: failure(code, undefined, { outcome, retryable: !started }),
    });
  }

  #restart(call: CallDelivery): void {
    call.deadlineAt = this.#clock.now() + call.timeoutMs;
    this.#deadlines.arm(call, call.timeoutMs);
  }

  #settle(call: CallDelivery, ending: Ending): void {
    if (call.settled) return;
    call.settled = true;
    this.#deadlines.disarm(call);
    const caller = callerOf(call);
    caller.pending.delete(call.origin.request);
    if (!call.isNested) {
      caller.unsettledRoots--;
      caller.unsettledBytes -= call.content.length;
    }
    this.#size--;
    this.#counters.results++;
    if (ending.kind === "failed") this.#counters.failures[ending.failure.code]++;
    this.#tap.watcher?.ended(call, ending);
    caller.sink.result(call.origin.request, withoutStack(ending));
  }
}

/** Stacks stay with the host: callers may be strangers. */
function withoutStack(ending: Ending): Ending {
  if (ending.kind !== "failed" || ending.failure.stack === "") return ending;
  return { kind: "failed", failure: { ...ending.failure, stack: "" } };
}
