/**
 * What one tail reads: a bounded queue in front of its stream.
 *
 * F1. At most `WAITING` sightings wait; those that come when so many wait are left out and counted.
 * F2. At most `PER_BEAT` are written per beat, so that a busy mesh spends its time on messages and not on who watches.
 * F3. Nothing is written to a stream that is full.
 * F4. The count of what was left out goes with the next sighting, or alone when none waits.
 */
import type { Clock, Timer } from "@agentmesh/proto";
import type { TailResponse } from "@agentmesh/proto/agentmesh/v1";
import { Fifo } from "@agentmesh/proto/link";
import { missedMessage, type Sighting, tailMessage } from "./sighting.ts";

const WAITING = 1_024;
const PER_BEAT = 128;
const BEAT_MS = 20;

/** Where a feed writes to. */
export interface TailSink {
  /** Takes a response. @returns whether it can take more now; if not, {@link TailFeed.drained} tells when. */
  write(response: TailResponse): boolean;
}

export class TailFeed {
  readonly #clock: Clock;
  readonly #sink: TailSink;
  readonly #waiting = new Fifo<TailResponse>();
  #missed = 0;
  #blocked = false;
  #closed = false;
  #beat: Timer | undefined;

  constructor(clock: Clock, sink: TailSink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  /** Takes a sighting, or counts it as missed. */
  offer(sighting: Sighting): void {
    if (this.#waiting.length >= WAITING) {
      this.#missed++;
      return;
    }
    const response = tailMessage(sighting, this.#clock.unixMs());
    response.missed = this.#missed;
    this.#missed = 0;
    this.#waiting.push(response);
    this.#schedule();
  }

  /** The stream can take more. */
  drained(): void {
    this.#blocked = false;
    this.#schedule();
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
    this.#beat?.cancel();
  }

  #schedule(): void {
    if (this.#beat !== undefined || this.#blocked || this.#closed) return;
    this.#beat = this.#clock.after(BEAT_MS, () => {
      this.#beat = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    for (let written = 0; written < PER_BEAT && !this.#blocked; written++) {
      const response = this.#waiting.shift() ?? this.#missedAlone();
      if (response === undefined) return;
      this.#blocked = !this.#sink.write(response);
    }
    this.#schedule();
  }

  #missedAlone(): TailResponse | undefined {
    if (this.#missed === 0) return undefined;
    const response = missedMessage(this.#missed, this.#clock.unixMs());
    this.#missed = 0;
    return response;
  }
}
