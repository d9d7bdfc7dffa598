/**
 * Watches one stream for signs of life. After `heartbeatMs` without a batch the peer is asked for one; after `livenessMs`
 * without a batch and without bytes of one it counts as dead. A stopped process, a cut cable and a half-open connection
 * all look like that; a large batch on a slow link does not.
 *
 * The bytes are those of the connection, which others may share, behind a proxy also those of other peers: they put
 * death off for as long as the largest batch may take, and no longer.
 */
import { LIMITS } from "../limits.ts";
import type { Clock, Timer } from "../time/clock.ts";

export interface LivenessOptions {
  readonly clock: Clock;
  /** Milliseconds of silence after which `onSilence` is called, and again after as long. */
  readonly heartbeatMs: number;
  /** Milliseconds of silence after which `onDead` is called, once. */
  readonly livenessMs: number;
  /** Ask the peer for a sign of life. */
  readonly onSilence: () => void;
  /** The peer is dead. */
  readonly onDead: () => void;
  /** Largest content of the peer in bytes. */
  readonly maxPayloadBytes: number;
  /** Bytes that have arrived on the connection so far. */
  readonly bytesRead: () => number;
  /** A part of a batch has arrived since the last look. */
  readonly onProgress?: () => void;
}

/**
 * Bytes between two looks that cannot be the small talk of HTTP/2 alone, which a proxy may keep up for a peer that is
 * dead.
 */
const PROGRESS_BYTES = 1_024;

export class Liveness {
  readonly #options: LivenessOptions;
  /** Milliseconds without a complete batch after which no bytes are a sign of life. */
  readonly #longestMs: number;
  /** When the last batch arrived. */
  #heardAt: number;
  /** From when on a complete batch is waited for. */
  #waitsSince: number;
  /** When the last batch or a part of one is known to have arrived. */
  #aliveAt: number;
  /** Bytes that had arrived when the last batch or progress was noted. */
  #bytes: number;
  #lookedAt: number;
  #timer: Timer | undefined;
  #dueAt = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#waitsSince = this.#heardAt;
    this.#longestMs = options.livenessMs + slowestMs(options.maxPayloadBytes);
    this.#aliveAt = this.#heardAt;
    this.#lookedAt = this.#heardAt;
    this.#bytes = options.bytesRead();
    this.#schedule();
  }

  /** A batch arrived. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#waitsSince = this.#heardAt;
    this.#aliveAt = this.#heardAt;
  }

  /** Stops watching. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const { clock, heartbeatMs, livenessMs } = this.#options;
    const now = clock.now();
    const toHeartbeat = heartbeatMs - ((now - this.#heardAt) % heartbeatMs);
    const wait = Math.max(1, Math.min(toHeartbeat, livenessMs - (now - this.#aliveAt)));
    this.#dueAt = now + wait;
    this.#timer = clock.after(wait, this.#check);
  }

  readonly #check = (): void => {
    this.#forgiveOwnPause();
    this.#noteProgress();
    const now = this.#options.clock.now();
    const isSilent = now - this.#aliveAt >= this.#options.livenessMs;
    if (isSilent || now - this.#waitsSince >= this.#longestMs) {
      this.#timer = undefined;
      this.#options.onDead();
      return;
    }
    // First, so that who stops watching on silence has stopped for good.
    this.#schedule();
    if (now - this.#heardAt >= this.#options.heartbeatMs) this.#options.onSilence();
  };

  /** Asking goes on while a batch is on its way: the peer, too, wants to hear something. */
  #noteProgress(): void {
    const { clock, bytesRead, onProgress } = this.#options;
    const bytes = bytesRead();
    const isHeard = this.#heardAt >= this.#lookedAt;
    this.#lookedAt = clock.now();
    if (!isHeard && bytes - this.#bytes < PROGRESS_BYTES) return;
    this.#bytes = bytes;
    if (isHeard) return;
    this.#aliveAt = this.#lookedAt;
    onProgress?.();
  }

  /** Who was stopped itself has not read what the peer has sent meanwhile: the peer gets another chance. */
  #forgiveOwnPause(): void {
    const { clock, heartbeatMs } = this.#options;
    const now = clock.now();
    if (now - this.#dueAt <= heartbeatMs) return;
    this.#aliveAt = Math.max(this.#aliveAt, now - heartbeatMs);
    this.#waitsSince = Math.max(this.#waitsSince, now - heartbeatMs);
  }
}

/** How long the largest batch takes on the slowest link. */
function slowestMs(maxPayloadBytes: number): number {
  return ((maxPayloadBytes + LIMITS.frameOverheadBytes) * 1_000) / LIMITS.slowestLinkBytes;
}
