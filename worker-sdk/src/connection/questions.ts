import { type Failure, MeshError } from "@agentmesh/proto";
import type { WorkerControl } from "@agentmesh/proto/wire";
import { listenTo } from "./caller-signal.ts";

interface Question {
  readonly control: WorkerControl;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Fires when nobody waits for the answer any more; undefined when somebody always does. */
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

/**
 * What the host is asked and answers: registrations, subscriptions, a drain. A question whose answer was lost with its
 * session is asked again in the next one, for as long as somebody waits for the answer.
 */
export class Questions {
  readonly #open = new Map<number, Question>();
  #lastNumber = 0;
  #closed: Failure | undefined;

  /**
   * Asks. `make` puts the question's number into its frame. Resolves when the host has carried it out; rejects with the
   * reason of `signal` when that fires. A signal that has fired before: the host is told, and nobody waits.
   */
  ask(
    make: (request: number) => WorkerControl,
    send: (control: WorkerControl) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw new MeshError(this.#closed);
      this.#lastNumber++;
      const number = this.#lastNumber;
      const control = make(number);
      send(control);
      if (signal?.aborted === true) throw signal.reason;
      const onAbort = (): void => this.#settle(number)?.reject(signal?.reason);
      this.#open.set(number, { control, resolve, reject, signal, onAbort });
      if (signal !== undefined) listenTo(signal, onAbort);
    });
  }

  /** The host has answered: `reason` is why it refused. */
  answered(request: number, reason: Failure | undefined): void {
    const question = this.#settle(request);
    if (reason === undefined) question?.resolve();
    else question?.reject(new MeshError(reason));
  }

  /** Asks everything once more that has no answer. */
  askAgain(send: (control: WorkerControl) => void): void {
    for (const { control } of this.#open.values()) send(control);
  }

  /** Nobody answers any more, what is open and what is asked from now on. */
  close(reason: Failure): void {
    this.#closed ??= reason;
    for (const number of [...this.#open.keys()]) this.answered(number, reason);
  }

  /** @returns the question, once. */
  #settle(number: number): Question | undefined {
    const question = this.#open.get(number);
    this.#open.delete(number);
    question?.signal?.removeEventListener("abort", question.onAbort);
    return question;
  }
}
