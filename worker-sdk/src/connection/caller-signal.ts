import { setMaxListeners } from "node:events";

/**
 * Listens to the signal of a caller. One signal may cancel any number of calls; Node would warn of a leak at the
 * eleventh, although the listeners go when their calls are settled.
 */
export function listenTo(
  signal: AbortSignal,
  listener: Parameters<AbortSignal["addEventListener"]>[1],
): void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener);
}
