import { type Clock, type Failure, type FailureHints, failure, MeshError } from "@agentmesh/proto";
import { isThenable } from "../thenable.ts";
import {
  type Decision,
  Dropped,
  type Interceptor,
  type OutgoingEvent,
  type OutgoingReply,
  type OutgoingSend,
  type ReceivedMessage,
  type Verdict,
} from "./interceptor.ts";

type Hook<Subject> = (subject: Subject) => Verdict<Subject>;

/** What is left of a subject after all hooks; a promise when one of them answered with one. */
export type Passed<Subject> = Subject | Dropped | Promise<Subject | Dropped>;

/**
 * The interceptors of one runtime or client, in their order. It is made by the first `use`; without it no message passes
 * through here.
 */
export class Interception {
  /** Where time comes from. */
  readonly clock: Clock;
  readonly #onDropped: () => void;
  readonly #send: Hook<OutgoingSend>[] = [];
  readonly #publish: Hook<OutgoingEvent>[] = [];
  readonly #receive: Hook<ReceivedMessage>[] = [];
  readonly #reply: Hook<OutgoingReply>[] = [];

  /** `onDropped` is called for every message that is dropped. */
  constructor(clock: Clock, onDropped: () => void) {
    this.clock = clock;
    this.#onDropped = onDropped;
  }

  /** Adds one behind the others. */
  add(interceptor: Interceptor): void {
    const { send, publish, receive, reply } = interceptor;
    if (send !== undefined) this.#send.push(send.bind(interceptor));
    if (publish !== undefined) this.#publish.push(publish.bind(interceptor));
    if (receive !== undefined) this.#receive.push(receive.bind(interceptor));
    if (reply !== undefined) this.#reply.push(reply.bind(interceptor));
  }

  /** @throws what a hook throws. */
  send(send: OutgoingSend): Passed<OutgoingSend> {
    return this.#pass(this.#send, send, 0);
  }

  /** @throws what a hook throws. */
  publish(event: OutgoingEvent): Passed<OutgoingEvent> {
    return this.#pass(this.#publish, event, 0);
  }

  /** @throws what a hook throws. */
  receive(message: ReceivedMessage): Passed<ReceivedMessage> {
    return this.#pass(this.#receive, message, 0);
  }

  /** @throws what a hook throws. */
  reply(reply: OutgoingReply): Passed<OutgoingReply> {
    return this.#pass(this.#reply, reply, 0);
  }

  /** Runs the hooks from `first` on; without a promise as long as they answer without one. */
  #pass<Subject extends object>(
    hooks: readonly Hook<Subject>[],
    subject: Subject,
    first: number,
  ): Passed<Subject> {
    let passing = subject;
    for (let index = first; index < hooks.length; index++) {
      const verdict = hooks[index]?.(passing);
      if (isThenable(verdict)) return this.#passLater(hooks, passing, index, verdict);
      if (verdict instanceof Dropped) return this.#dropped(verdict);
      passing = verdict ?? passing;
    }
    return passing;
  }

  async #passLater<Subject extends object>(
    hooks: readonly Hook<Subject>[],
    subject: Subject,
    index: number,
    pending: PromiseLike<Decision<Subject>>,
  ): Promise<Subject | Dropped> {
    const verdict = await pending;
    if (verdict instanceof Dropped) return this.#dropped(verdict);
    return this.#pass(hooks, verdict ?? subject, index + 1);
  }

  #dropped(verdict: Dropped): Dropped {
    this.#onDropped();
    return verdict;
  }
}

/** The failure that the sender of a dropped message is told. */
export function droppedFailure(
  { reason }: Dropped,
  messageName: string,
  hints?: FailureHints,
): Failure {
  const because = reason === "" ? "" : `: ${reason}`;
  // A message for which there is no handler has no name here.
  const dropped = messageName === "" ? "a message" : messageName;
  return failure("MESSAGE_DROPPED", `an interceptor dropped ${dropped}${because}`, hints);
}

/** {@link droppedFailure} as an error. */
export function droppedError(dropped: Dropped, messageName: string): MeshError {
  return new MeshError(droppedFailure(dropped, messageName));
}
