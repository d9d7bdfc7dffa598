/** How `agentmesh` ends. `agentmesh host --help` lists the same. */
export const EXIT = {
  /** Done; for a host: drained. */
  ok: 0,
  /** A defect, or something that no other code is for. */
  failed: 1,
  /** The command line or the environment asks for something that is not allowed. */
  usage: 2,
  /** A file that the options name cannot be used. */
  config: 3,
  /** The address to listen on cannot be had. */
  address: 4,
} as const;

/** How signals are counted: a program that a signal ended has 128 more than its number as exit code. */
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks the program to end. */
export type EndSignal = keyof typeof SIGNAL_NUMBERS;

/** All of them. */
export const END_SIGNALS = Object.keys(SIGNAL_NUMBERS) as EndSignal[];

/** Exit code of a program that this signal ended before it had finished. */
export function exitCodeOf(signal: EndSignal): number {
  return 128 + SIGNAL_NUMBERS[signal];
}
