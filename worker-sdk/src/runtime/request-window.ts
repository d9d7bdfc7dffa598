/**
 * How much work without ancestors may be unsettled at the mesh. What exceeds it waits here, oldest first.
 *
 * W1. What has left is counted until it is settled; what waits is not.
 * W2. Who comes later never leaves before who waits.
 * W3. One departure may always leave when nothing is unsettled, whatever its size.
 * W4. What waits is bounded: above the limits a departure is refused, so that its sender slows down.
 * W5. What had left and came back leaves again before all that has not left yet, in the order of before. It had its room
 *     in the window: it is never refused.
 */
import { LIMITS, meshError } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";

/** Something that leaves for the mesh, at once or later. */
export interface Departure {
  readonly content: Uint8Array;
  /** Nobody wants it to leave any more. */
  readonly isOver: boolean;
  /** It has to wait; `leave` follows unless it is over before. */
  wait(): void;
  /** Leaves. */
  leave(): void;
}

/** A departure that came back, with its number among those of its kind. */
interface Returned {
  readonly departure: Departure;
  readonly number: number;
}

/** Departures that are over are swept out when there are more of them than this, and than of the others. */
const MOST_OVER = 1_024;

export class RequestWindow {
  #maxCount = 0;
  #maxBytes = 0;
  #isOpen = false;
  #count = 0;
  #bytes = 0;
  readonly #waiting = new Fifo<Departure>();
  /** What came back while nothing may leave; it goes to the head of `#waiting` before anything does. */
  #returned: Returned[] = [];
  #waitingBytes = 0;
  /** How many of those in `#waiting` and `#returned` are over. */
  #over = 0;

  /** Whether nothing may leave for now. */
  get isHeld(): boolean {
    return !this.#isOpen;
  }

  /** Replaces the limits. */
  resize(maxCount: number, maxBytes: number): void {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
    this.#pump();
  }

  /** Lets departures leave, or holds all of them. */
  open(isOpen: boolean): void {
    this.#isOpen = isOpen;
    if (isOpen && this.#returned.length > 0) this.#putReturnedFirst();
    this.#pump();
  }

  /** Lets `departure` leave now or when there is room. @throws MeshError `OVERLOADED` when too much waits already. */
  enter(departure: Departure): void {
    const bytes = departure.content.length;
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#take(bytes);
      departure.leave();
      return;
    }
    this.#checkRoomToWait(bytes);
    this.#waiting.push(departure);
    this.#waitingBytes += bytes;
    departure.wait();
  }

  /**
   * Takes back what had left, while nothing may leave: it was not accepted. `number` says where it was among those of
   * its kind.
   */
  takeBack(departure: Departure, number: number): void {
    const bytes = departure.content.length;
    this.#count--;
    this.#bytes -= bytes;
    this.#waitingBytes += bytes;
    this.#returned.push({ departure, number });
    departure.wait();
  }

  /** Something of `bytes` bytes that has left is settled. */
  settled(bytes: number): void {
    this.#count--;
    this.#bytes -= bytes;
    if (this.#waiting.length > 0) this.#pump();
  }

  /** Something that waits is over. */
  gaveUp(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#over++;
    if (this.#over <= MOST_OVER || this.#over * 2 <= this.#length) return;
    this.#returned = this.#returned.filter(({ departure }) => !departure.isOver);
    this.#line([]);
  }

  /** How many wait, those that are over among them. */
  get #length(): number {
    return this.#waiting.length + this.#returned.length;
  }

  #putReturnedFirst(): void {
    const returned = this.#returned.sort((one, other) => one.number - other.number);
    this.#returned = [];
    this.#line(returned.map(({ departure }) => departure));
  }

  /** Lines up `first` and then those who wait, without those that are over. */
  #line(first: readonly Departure[]): void {
    const all = [...first, ...this.#waiting.drain()];
    for (const departure of all) if (!departure.isOver) this.#waiting.push(departure);
    this.#over = 0;
  }

  #hasRoom(bytes: number): boolean {
    if (!this.#isOpen) return false;
    if (this.#count === 0) return true;
    return this.#count < this.#maxCount && this.#bytes + bytes <= this.#maxBytes;
  }

  #take(bytes: number): void {
    this.#count++;
    this.#bytes += bytes;
  }

  #pump(): void {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      if (first.isOver) {
        this.#waiting.shift();
        this.#over--;
        continue;
      }
      const bytes = first.content.length;
      if (!this.#hasRoom(bytes)) return;
      this.#waiting.shift();
      this.#waitingBytes -= bytes;
      this.#take(bytes);
      first.leave();
    }
  }

  #checkRoomToWait(bytes: number): void {
    const tooMany = this.#length - this.#over >= LIMITS.waitingRequests;
    const tooLarge = this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#maxBytes;
    if (!tooMany && !tooLarge) return;
    throw meshError("OVERLOADED", "too much waits in this process for its window to the mesh", {
      retryAfterMs: 100,
    });
  }
}
