import type { AgentId, Failure, TopicId } from "@agentmesh/proto";
import type { PublishOptions, SendOptions, StreamOptions } from "../agent/context.ts";
import type { ElementStream } from "../connection/stream-reader.ts";
import type { CallOrigin } from "./call.ts";
import type { Calls } from "./calls.ts";
import type { OutgoingMessage, Speaker } from "./messaging.ts";
import type { Publisher } from "./publisher.ts";

/** Speaks from outside of any agent. */
export class Outside implements CallOrigin, Speaker {
  readonly activation = 0;
  readonly parent = 0;
  readonly firstCall = undefined;
  readonly lastCall = undefined;
  /** Why nothing is sent any more; undefined while the runtime is open. */
  obstacle: Failure | undefined = undefined;
  readonly #calls: Calls;
  readonly #publisher: Publisher;

  constructor(calls: Calls, publisher: Publisher) {
    this.#calls = calls;
    this.#publisher = publisher;
  }

  timeLeftMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  ask(target: AgentId, message: OutgoingMessage, options: SendOptions): Promise<unknown> {
    return this.#calls.ask(this, target, message, options);
  }

  askStream(
    target: AgentId,
    message: OutgoingMessage,
    options: StreamOptions,
  ): ElementStream<unknown> {
    return this.#calls.askStream(this, target, message, options);
  }

  tell(topic: TopicId, message: OutgoingMessage, options: PublishOptions): Promise<void> {
    return this.#publisher.publish(this, topic, message, options);
  }
}
