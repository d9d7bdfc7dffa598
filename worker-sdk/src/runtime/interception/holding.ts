import { type Clock, type ErrorCode, failure, MeshError } from "@agentmesh/proto";
import { listenTo } from "../../connection/caller-signal.ts";
import type { CallBounds } from "../../connection/host-calls.ts";

const NOT_SENT = { outcome: "not-executed", retryable: true } as const;

/**
 * Waits for what interceptors hold, as long as its sender does: a hook that never answers must not keep a send from
 * settling.
 * @throws MeshError `DEADLINE_EXCEEDED` or `CANCELLED`, and what `held` rejects with.
 */
export function released<Value>(
  held: PromiseLike<Value>,
  clock: Clock,
  { timeoutMs, signal }: CallBounds,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const giveUp = (code: ErrorCode, cause?: unknown): void => {
      stop();
      reject(new MeshError(failure(code, undefined, NOT_SENT), { cause }));
    };
    const listener = { handleEvent: () => giveUp("CANCELLED", signal?.reason) };
    const timer = clock.after(timeoutMs, () => giveUp("DEADLINE_EXCEEDED"));
    const stop = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", listener);
    };
    if (signal?.aborted === true) listener.handleEvent();
    else if (signal !== undefined) listenTo(signal, listener);
    held.then(
      (value) => {
        stop();
        resolve(value);
      },
      (thrown) => {
        stop();
        reject(thrown);
      },
    );
  });
}
