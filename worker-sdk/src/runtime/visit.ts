import { listenTo } from "../connection/caller-signal.ts";
import type { Activation, Visitor } from "./activation.ts";

/**
 * Looks at an agent between two turns of it.
 * @returns what was seen; undefined when the agent went before anybody could enter. Rejects with what `look` throws,
 * and with the reason of `limit` when that fires before.
 */
export function visit<Result>(
  activation: Activation,
  look: (activation: Activation) => Result,
  limit: AbortSignal,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const over = (): void => limit.removeEventListener("abort", giveUp);
    const visitor: Visitor = {
      enter(found) {
        over();
        try {
          resolve(look(found));
        } catch (error) {
          reject(error);
        }
      },
      missed() {
        over();
        resolve(undefined);
      },
    };
    const giveUp = (): void => {
      over();
      activation.turnAway(visitor);
      reject(limit.reason);
    };
    listenTo(limit, giveUp);
    activation.admit(visitor);
  });
}
