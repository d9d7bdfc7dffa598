/**
 * Watches a stream whose peer need not say anything: HTTP/2 pings the connection, and the answers are bytes. A peer of
 * which several looks in a row see no byte is dead, as far as anybody can tell; a pause of this process costs one look.
 */
import type { Clock, Timer } from "@agentmesh/proto";

export interface PulseOptions {
  readonly clock: Clock;
  /** Milliseconds between two looks, and between two pings. */
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which a peer is dead. */
  readonly livenessMs: number;
  /** Bytes that have arrived on the connection so far. */
  readonly bytesRead: () => number;
  /** The peer is dead; called once. */
  readonly onDead: () => void;
}

export class Pulse {
  readonly #options: PulseOptions;
  readonly #mostSilent: number;
  #bytes: number;
  #silent = 0;
  #timer: Timer;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#mostSilent = Math.max(1, Math.floor(options.livenessMs / options.heartbeatMs));
    this.#bytes = options.bytesRead();
    this.#timer = options.clock.after(options.heartbeatMs, this.#look);
  }

  /** Stops watching. */
  stop(): void {
    this.#timer.cancel();
  }

  readonly #look = (): void => {
    const bytes = this.#options.bytesRead();
    this.#silent = bytes === this.#bytes ? this.#silent + 1 : 0;
    this.#bytes = bytes;
    if (this.#silent >= this.#mostSilent) this.#options.onDead();
    else this.#timer = this.#options.clock.after(this.#options.heartbeatMs, this.#look);
  };
}
