/**
 * Promises that are known to be broken somewhere. The suite fails when one of them is kept: then its row must go. No row
 * is added for anything that is not being repaired.
 */

interface KnownFailure {
  /** Id of the case. */
  readonly test: string;
  /** Ids of the drivers on which it fails. */
  readonly drivers: readonly string[];
  readonly reason: string;
}

const KNOWN_FAILURES: readonly KnownFailure[] = [];

/** Whether the case is known to fail on the driver. */
export function isKnownToFail(driver: string, test: string): boolean {
  return KNOWN_FAILURES.some((known) => known.test === test && known.drivers.includes(driver));
}
