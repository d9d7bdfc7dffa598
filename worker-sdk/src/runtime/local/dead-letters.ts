import { type AgentId, DEFAULTS, type Failure, type TopicId } from "@agentmesh/proto";
import { Fifo } from "@agentmesh/proto/link";

/** A message that could not be handled. */
export interface LocalDeadLetter {
  /** Id of the message. */
  readonly id: number;
  /** Agent that it was for. */
  readonly target: AgentId;
  /** Agent that sent it; undefined when none did. */
  readonly sender: AgentId | undefined;
  /** Topic of an event; undefined for a send. */
  readonly topic: TopicId | undefined;
  /** Name of its message type. */
  readonly messageType: string;
  /** What failed, with stack. */
  readonly failure: Failure;
  /** Attempts that were made. */
  readonly attempts: number;
}

/** Dead letters in memory; at the limit the oldest goes. */
export class DeadLetters {
  readonly #kept = new Fifo<LocalDeadLetter>();

  /** All that are kept, oldest first. */
  list(): LocalDeadLetter[] {
    const listed: LocalDeadLetter[] = [];
    for (let index = 0; index < this.#kept.length; index++) {
      const letter = this.#kept.at(index);
      if (letter !== undefined) listed.push(letter);
    }
    return listed;
  }

  park(letter: LocalDeadLetter): void {
    this.#kept.push(letter);
    if (this.#kept.length > DEFAULTS.deadLetters) this.#kept.shift();
  }
}
