/**
 * Keeps the events of one worker in the order in which they came while one of them is on its way to the disk: those
 * behind it are delivered after it, also when they need no disk.
 *
 * L1. A worker has a line exactly while an event of it is being stored, and the first in its line is such an event.
 * L2. Who stands in a line leaves it once: delivered, or refused by the disk.
 * L3. The places in all lines together are bounded: at the limit no event is taken.
 */
import { LIMITS } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";

interface Place {
  readonly deliver: () => void;
  phase: "storing" | "ready" | "refused";
}

export class PublisherLines {
  readonly #lines = new Map<object, Fifo<Place>>();
  #places = 0;

  /** Whether as many events wait as may. */
  get isFull(): boolean {
    return this.#places >= LIMITS.publishesBehind;
  }

  /** Whether what this worker publishes has to wait. Costs nothing while nobody stores anything. */
  isBehind<Publisher extends object>(worker: Publisher | undefined): worker is Publisher {
    return this.#lines.size > 0 && worker !== undefined && this.#lines.has(worker);
  }

  /** An event that needs no disk, of a worker that is behind: `deliver` is called when its turn has come. */
  wait(worker: object, deliver: () => void): void {
    this.#join(worker, { deliver, phase: "ready" });
  }

  /**
   * An event that is on its way to the disk: `deliver` is called when it is there and its turn has come.
   * @returns what to call when it is there, or was refused.
   */
  store(worker: object | undefined, deliver: () => void): (outcome: "ready" | "refused") => void {
    // A client waits for one answer before its next publish, or wants no order.
    if (worker === undefined) return (outcome) => outcome === "ready" && deliver();
    const place: Place = { deliver, phase: "storing" };
    this.#join(worker, place);
    return (outcome) => {
      place.phase = outcome;
      this.#moveOn(worker);
    };
  }

  #join(worker: object, place: Place): void {
    let line = this.#lines.get(worker);
    if (line === undefined) {
      line = new Fifo();
      this.#lines.set(worker, line);
    }
    line.push(place);
    this.#places++;
  }

  #moveOn(worker: object): void {
    const line = this.#lines.get(worker);
    while (line?.first !== undefined && line.first.phase !== "storing") {
      const place = line.shift();
      this.#places--;
      if (place?.phase === "ready") place.deliver();
    }
    if (line?.length === 0) this.#lines.delete(worker);
  }
}
