/** How long to wait between attempts. */
export interface BackoffOptions {
  /** A number from 0 up to 1, as `Math.random` gives it. */
  readonly random: () => number;
  /** Longest wait before the second attempt, in milliseconds. Default: 50. */
  readonly firstMs?: number;
  /** Longest wait of all, in milliseconds. Default: 5 000. */
  readonly mostMs?: number;
  /** Milliseconds that a connection must last before the next attempt is a first one again. Default: 5 000. */
  readonly minUptimeMs?: number;
}

/**
 * Waits between attempts: none before the first, then a random part ("full jitter") of a span that doubles. A
 * connection that breaks soon after it was made counts as a failed attempt, so that a flapping host is left in peace.
 *
 * Who has something to lose by waiting bounds the span: it then grows no further than that.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #minUptimeMs: number;
  /** Longest wait before the next attempt. */
  #spanMs = 0;

  constructor(options: BackoffOptions) {
    this.#random = options.random;
    this.#firstMs = options.firstMs ?? 50;
    this.#mostMs = options.mostMs ?? 5_000;
    this.#minUptimeMs = options.minUptimeMs ?? 5_000;
  }

  /** Milliseconds to wait before the next attempt, at most `boundMs`. */
  next(boundMs = Number.POSITIVE_INFINITY): number {
    const spanMs = Math.min(this.#spanMs, boundMs);
    this.#spanMs = Math.min(this.#mostMs, Math.max(this.#firstMs, 2 * spanMs));
    return spanMs === 0 ? 0 : this.#random() * spanMs;
  }

  /** A connection has ended that lasted this long. */
  lasted(uptimeMs: number): void {
    if (uptimeMs >= this.#minUptimeMs) this.#spanMs = 0;
  }
}
