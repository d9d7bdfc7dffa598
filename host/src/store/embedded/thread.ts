/**
 * The thread that has the database, so that waiting for the disk holds up nobody. It carries out one order at a time.
 *
 * T1. The calls of an order are one transaction, which is committed before the first of them is answered.
 * T2. After a failure that leaves in doubt what is on the disk, nothing is written any more.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Database } from "./database.ts";
import { deadLetterTable } from "./dead-letter-table.ts";
import { eventTable } from "./event-table.ts";
import { numberTable } from "./number-table.ts";
import type { Answer, Handlers, OperationName, Question } from "./operations.ts";
import { stateTable } from "./state-table.ts";
import { problemOf, StoreProblem } from "./store-problem.ts";
import { subscriptionTable } from "./subscription-table.ts";
import type { Call, CallOutcome, ThreadOrder, ThreadStart, ThreadWord } from "./thread-messages.ts";

class DatabaseThread {
  readonly #database: Database;
  readonly #handlers: Handlers<OperationName>;
  #usedBytes: number;
  /** Why nothing is written any more. */
  #broken: StoreProblem | undefined;

  constructor({ folder, deadLetters, checkedBytes }: ThreadStart) {
    const database = Database.open(folder, checkedBytes);
    this.#database = database;
    this.#usedBytes = database.usedBytes();
    this.#handlers = {
      ...eventTable(database),
      ...subscriptionTable(database),
      ...stateTable(database),
      ...numberTable(database),
      ...deadLetterTable(database, deadLetters),
    };
  }

  /** Bytes of the file that are in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  carryOut(order: ThreadOrder): ThreadWord {
    if (this.#broken !== undefined && order.kind !== "close")
      return problemWord(this.#broken, true);
    switch (order.kind) {
      case "calls":
        return this.#transact(order.calls);
      case "hold":
        return this.#try(() => this.#database.hold());
      case "release":
        return this.#try(() => this.#database.release(order.to));
      case "close":
        return this.#try(() => this.#database.close());
    }
  }

  #transact(calls: readonly Call[]): ThreadWord {
    try {
      this.#database.begin();
      const outcomes = calls.map((call) => this.#answer(call));
      this.#usedBytes = this.#database.usedBytes();
      this.#database.commit();
      return this.#done(outcomes);
    } catch (error) {
      const problem = this.#undo(error);
      return problemWord(problem, this.#broken !== undefined);
    }
  }

  #done(outcomes: readonly CallOutcome[]): ThreadWord {
    return { kind: "done", outcomes, usedBytes: this.#usedBytes };
  }

  #answer(call: Call): CallOutcome {
    try {
      return { kind: "answered", answer: this.#handle(call.name, call.question) };
    } catch (error) {
      // What is damaged was found while reading: the others have nothing to do with it.
      if (error instanceof StoreProblem) return { kind: "failed", problem: plain(error) };
      throw error;
    }
  }

  #handle<Name extends OperationName>(name: Name, question: Question<Name>): Answer<Name> {
    return this.#handlers[name](question);
  }

  #undo(error: unknown): StoreProblem {
    const problem = problemOf(error, this.#database.file);
    try {
      this.#database.rollBack();
    } catch (failed) {
      this.#broken = problemOf(failed, this.#database.file);
    }
    if (problem.kind !== "full") this.#broken ??= problem;
    return problem;
  }

  #try(act: () => void): ThreadWord {
    try {
      act();
      return this.#done([]);
    } catch (error) {
      return problemWord(problemOf(error, this.#database.file));
    }
  }
}

function plain({ kind, text }: StoreProblem): { kind: StoreProblem["kind"]; text: string } {
  return { kind, text };
}

function problemWord(problem: StoreProblem, isFinal = false): ThreadWord {
  return { kind: "problem", problem: plain(problem), isFinal };
}

function run(): void {
  const port = parentPort;
  if (port === null) throw new Error("this module runs as a thread");
  const start: ThreadStart = workerData;
  const say = (word: ThreadWord): void => port.postMessage(word);
  try {
    const thread = new DatabaseThread(start);
    port.on("message", (order: ThreadOrder) => {
      say(thread.carryOut(order));
      if (order.kind === "close") port.close();
    });
    say({ kind: "opened", usedBytes: thread.usedBytes });
  } catch (error) {
    say(problemWord(problemOf(error, start.folder)));
  }
}

run();
