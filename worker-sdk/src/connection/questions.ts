import { type Failure, MeshError } from "@agentmesh/proto";
import type { WorkerControl } from "@agentmesh/proto/wire";

interface Question {
  readonly control: WorkerControl;
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

/**
 * What the host is asked and answers: registrations, subscriptions, a drain. A question whose answer was lost with its
 * session is asked again in the next one.
 */
export class Questions {
  readonly #open = new Map<number, Question>();
  #lastNumber = 0;
  #closed: Failure | undefined;

  /** Asks. `make` puts the question's number into its frame. Resolves when the host has carried it out. */
  ask(
    make: (request: number) => WorkerControl,
    send: (control: WorkerControl) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw new MeshError(this.#closed);
      this.#lastNumber++;
      const control = make(this.#lastNumber);
      this.#open.set(this.#lastNumber, { control, resolve, reject });
      send(control);
    });
  }

  /** The host has answered: `reason` is why it refused. */
  answered(request: number, reason: Failure | undefined): void {
    const question = this.#open.get(request);
    if (question === undefined) return;
    this.#open.delete(request);
    if (reason === undefined) question.resolve();
    else question.reject(new MeshError(reason));
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
}
