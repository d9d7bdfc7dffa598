import { type Failure, failure } from "@agentmesh/proto";
import { Message } from "@agentmesh/proto/agents";
import type { EventDelivery } from "../../delivery/delivery.ts";
import type { Channel } from "./channel.ts";
import { Outbound } from "./outbound.ts";

/** What a message is for that is no event. */
export const NO_EVENTS: readonly EventDelivery[] = [];

interface OutboxOptions {
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait. */
  readonly outboxLimitBytes: number;
  /** Deliveries of an event have been written. */
  readonly onWritten: (deliveries: readonly EventDelivery[]) => void;
  /** More waits than may. */
  readonly onOverflow: () => void;
}

/** The messages for one client: none that would cost it its stream, because it is larger than gRPC takes there. */
export class Outbox {
  readonly #maxMessageBytes: number;
  readonly #outbound: Outbound<readonly EventDelivery[]>;

  constructor({ maxMessageBytes, outboxLimitBytes, onWritten, onOverflow }: OutboxOptions) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#outbound = new Outbound(outboxLimitBytes, onWritten, onOverflow);
  }

  /** Whether so much waits that new work should be held back. */
  get isFull(): boolean {
    return this.#outbound.isFull;
  }

  /** Writes a message, or lets it wait behind the others. @returns why it cannot be. */
  send(
    message: NonNullable<Message["message"]>,
    deliveries: readonly EventDelivery[],
  ): Failure | undefined {
    const bytes = Buffer.from(Message.encode({ message }).finish());
    if (bytes.length > this.#maxMessageBytes) {
      const text = `${bytes.length} bytes as a message of AutoGen; the most is ${this.#maxMessageBytes}`;
      return failure("PAYLOAD_TOO_LARGE", text);
    }
    this.#outbound.send(bytes, deliveries);
    return undefined;
  }

  /** Writes to this stream from now on. */
  attach(channel: Channel): void {
    this.#outbound.attach(channel);
  }

  /** The stream takes more. */
  drained(): void {
    this.#outbound.drained();
  }

  /** The stream is gone, and what waited for it with it. */
  clear(): void {
    this.#outbound.detach();
    this.#outbound.clear();
  }
}
