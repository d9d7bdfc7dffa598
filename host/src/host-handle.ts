import type { Clock, MeshError } from "@agentmesh/proto";

/** A running host. */
export interface Host {
  /** `host:port` that it listens on. */
  readonly address: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Identity of this host's process. */
  readonly hostId: string;
  /**
   * Leaves gently: refuses new work, tells its workers, lets what is in flight finish for at most `graceMs`
   * milliseconds (default: the option `drainGraceMs`), then closes. Idempotent.
   */
  drain(options?: { readonly graceMs?: number }): Promise<void>;
  /**
   * Copies everything that the host keeps into a folder that does not exist or is empty, as it is at one moment, while
   * work goes on. A host that starts with the copy as its `data` goes on from there. Rejects with `UNIMPLEMENTED` on a
   * host without `data`, `INVALID_ARGUMENT` for a folder that is not empty, `STORE_UNAVAILABLE` when it cannot be
   * written.
   */
  backup(folder: string): Promise<void>;
  /** Stops at once. Idempotent. */
  close(): Promise<void>;
  /**
   * Resolves when the host has closed: with nothing when it was told to, with `STORE_UNAVAILABLE` when it has drained and
   * closed by itself because its data folder cannot be used any more. What it had accepted is there for the next host.
   * Never rejects.
   */
  readonly ended: Promise<MeshError | undefined>;
  /** Same as {@link Host.close}. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What tests and embedders may put in place of the real thing. */
export interface HostEnvironment {
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
  /** Takes the lines of the log, each with its line feed. Default: stderr. */
  readonly log?: { write(line: string): void };
}
