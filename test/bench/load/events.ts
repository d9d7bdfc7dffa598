import type { LoadMeasurement, Pace } from "../scenario.ts";
import { CountedInterval } from "./interval.ts";
import type { TallyReader } from "./tally.ts";

/**
 * Publishes one event; a promise where the system accepts it, nothing where it acknowledges
 * nothing.
 */
export type Publish = () => Promise<unknown> | undefined;

/** Milliseconds without any delivery after which events are taken for lost. */
const STALL_MS = 5_000;

/** Who receives the events, and what is known of it. */
export interface Audience {
  readonly tally: TallyReader;
  /** Subscribers by worker. */
  readonly subscribers: readonly number[];
}

/**
 * Publishes under a window: an event leaves it when it was accepted (where the system accepts) and
 * every subscriber has handled it. So the rate is that of deliveries. @throws when events are lost.
 */
export function measureEvents(
  publish: Publish,
  audience: Audience,
  window: number,
  pace: Pace,
): Promise<LoadMeasurement> {
  const run = new EventRun(publish, audience, window, pace);
  return run.finish();
}

class EventRun {
  readonly #publish: Publish;
  readonly #audience: Audience;
  readonly #window: number;
  readonly #interval: CountedInterval;
  readonly #fanOut: number;
  readonly #before: readonly number[];
  #started = 0;
  #accepted = 0;
  #lastProgressAt = performance.now();
  #lastConfirmed = 0;
  #settle = (): void => {};
  #fail = (_error: Error): void => {};

  constructor(publish: Publish, audience: Audience, window: number, pace: Pace) {
    this.#publish = publish;
    this.#audience = audience;
    this.#window = window;
    this.#interval = new CountedInterval(pace, 1);
    this.#fanOut = audience.subscribers.reduce((sum, count) => sum + count, 0);
    this.#before = audience.subscribers.map((_, worker) => audience.tally.count(worker));
  }

  async finish(): Promise<LoadMeasurement> {
    const settled = new Promise<void>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    const watch = setInterval(() => this.#checkStall(), STALL_MS / 5);
    this.#audience.tally.onProgress = () => this.#pump();
    this.#pump();
    try {
      await settled;
    } finally {
      clearInterval(watch);
      this.#audience.tally.onProgress = () => {};
    }
    const { count, elapsedMs } = this.#interval.result ?? { count: 0, elapsedMs: 0 };
    const total = this.#started * this.#fanOut;
    return { kind: "load", delivered: count, elapsedMs, p50Us: 0, p99Us: 0, total, wireBytes: 0 };
  }

  #pump(): void {
    const confirmed = this.#confirmed();
    const now = performance.now();
    if (confirmed > this.#lastConfirmed) {
      this.#lastConfirmed = confirmed;
      this.#lastProgressAt = now;
      this.#interval.progress(confirmed * this.#fanOut, now);
    }
    if (this.#interval.result !== undefined) {
      if (confirmed === this.#started) this.#settle();
      return;
    }
    for (let room = this.#window - (this.#started - confirmed); room > 0; room--) this.#start();
  }

  #start(): void {
    this.#started++;
    const acceptance = this.#publish();
    if (acceptance === undefined) this.#accepted++;
    else acceptance.then(this.#onAccepted, this.#fail);
  }

  readonly #onAccepted = (): void => {
    this.#accepted++;
    this.#pump();
  };

  /** Events that are accepted and that the slowest worker has handled. */
  #confirmed(): number {
    let confirmed = this.#accepted;
    this.#audience.subscribers.forEach((subscribers, worker) => {
      if (subscribers === 0) return;
      const handled = this.#audience.tally.count(worker) - (this.#before[worker] ?? 0);
      confirmed = Math.min(confirmed, Math.floor(handled / subscribers));
    });
    return confirmed;
  }

  #checkStall(): void {
    if (performance.now() - this.#lastProgressAt < STALL_MS) return;
    const missing = this.#started - this.#confirmed();
    this.#fail(new Error(`${missing} events neither delivered nor refused for ${STALL_MS} ms`));
  }
}
