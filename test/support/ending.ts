/**
 * Where the ends of what is started are kept: processes, proxies, folders. Within a test they end with the test; a
 * program that runs no tests takes them over.
 */
import { onTestFinished } from "vitest";

/** Ends something. */
export type Ending = () => void | Promise<void>;

let keep: (ending: Ending) => void = onTestFinished;

/** Ends what was started when the test is over, or whatever runs in its place. */
export function atTheEnd(ending: Ending): void {
  keep(ending);
}

/** From now on `take` gets the ends, in the order in which things were started, instead of the test that runs. */
export function takeEndings(take: (ending: Ending) => void): void {
  keep = take;
}
