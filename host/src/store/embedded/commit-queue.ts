/**
 * The way to the thread of the database. Calls that come while an earlier order is being carried out become the next
 * order together, so that many share one wait for the disk.
 *
 * Q1. At most one order is with the thread.
 * Q2. Calls are carried out in the order in which they were made.
 * Q3. When an order fails, the events behind it are refused with it: whoever appends one has heard of every refusal
 *     before it.
 * Q4. What waits is bounded: above `unstoredBytes` a call is refused.
 * Q5. An event is refused when it and what is under way would not fit into what the file may have in use. It is refused
 *     before it is queued, so that Q3 holds. Everything else is taken: it is bounded otherwise, and makes room.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Failure, failure, LIMITS, MeshError } from "@agentmesh/proto";
import type { Answer, OperationName, Question } from "./operations.ts";
import { failureOfProblem, type PlainProblem } from "./store-problem.ts";
import type { Call, CallOutcome, ThreadOrder, ThreadStart, ThreadWord } from "./thread-messages.ts";

/** Calls of one order. */
const MOST_CALLS = 4_096;
/** Bytes of one order, unless a single call has more. */
const MOST_ORDER_BYTES = 8 * 1024 * 1024;
/** What a call counts beside its content. */
const CALL_BYTES = 512;
/** When a disk that cannot keep up is worth another try. */
const BUSY_RETRY_MS = 250;
/** When a store that is full is. */
const FULL_RETRY_MS = 1_000;

/** Node loads no TypeScript into a thread: the sources take the one that was compiled from them. */
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/store/embedded/thread.js" : "./thread.js",
  import.meta.url,
);

const BUSY = "the disk cannot keep up with what is to be stored";
const FULL =
  "the data folder holds as much as it may: let the durable subscriptions catch up, end those that nobody needs, purge dead letters, or raise data-bytes";

const SILENT: PlainProblem = { kind: "failed", text: "the thread of the store did not start" };
const CLOSED: PlainProblem = { kind: "failed", text: "the store is closed" };
const UNANSWERED: CallOutcome = {
  kind: "failed",
  problem: { kind: "failed", text: "the thread of the store gave no answer" },
};

interface Waiting {
  readonly call: Call;
  readonly bytes: number;
  readonly settle: (outcome: CallOutcome) => void;
}

interface Errand {
  readonly order: ThreadOrder;
  readonly onWord: (word: ThreadWord) => void;
}

export class CommitQueue {
  readonly #thread: Worker;
  /** Calls for the next order. */
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Bytes of the calls that are with the thread. */
  #sentBytes = 0;
  /** Bytes of the file that are in use, as of the last word of the thread. */
  #usedBytes: number;
  readonly #mostBytes: number;
  /** Orders that are no calls; they go first. */
  readonly #errands: Errand[] = [];
  /** Takes the answer to the order that is with the thread. */
  #onWord: ((word: ThreadWord) => void) | undefined;
  #isScheduled = false;
  /** Why nothing can be asked any more. */
  #ended: PlainProblem | undefined;
  /** Why everything will be refused, and who is told. */
  #broken: PlainProblem | undefined;
  #onBroken: ((problem: PlainProblem) => void) | undefined;

  private constructor(thread: Worker, usedBytes: number, mostBytes: number) {
    this.#thread = thread;
    this.#usedBytes = usedBytes;
    this.#mostBytes = mostBytes;
    thread.on("message", (word: ThreadWord) => this.#take(word));
    thread.on("error", (error) => this.#lost(`its thread has failed: ${error.message}`));
    thread.on("exit", () => this.#lost("its thread has ended"));
  }

  /**
   * Starts the thread and opens the database, which takes events as long as it has less than `mostBytes` in use. Rejects
   * with `STORE_UNAVAILABLE`.
   */
  static async open(
    start: ThreadStart,
    mostBytes = Number.POSITIVE_INFINITY,
  ): Promise<CommitQueue> {
    // The flags of the process say how its own sources are loaded; the thread is compiled.
    const thread = new Worker(THREAD, { workerData: start, name: "agentmesh-store", execArgv: [] });
    const [word]: ThreadWord[] = await once(thread, "message");
    if (word?.kind === "opened") return new CommitQueue(thread, word.usedBytes, mostBytes);
    await thread.terminate();
    throw new MeshError(failureOfProblem(word?.kind === "problem" ? word.problem : SILENT));
  }

  /** Calls `run` when everything will be refused from now on. */
  onBroken(run: (problem: PlainProblem) => void): void {
    this.#onBroken = run;
    if (this.#broken !== undefined) run(this.#broken);
  }

  /** Bytes of the file that are in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Asks. `bytes` is what the question holds of content. Rejects with `STORE_UNAVAILABLE` or `OVERLOADED`. */
  ask<Name extends OperationName>(
    name: Name,
    question: Question<Name>,
    bytes = 0,
  ): Promise<Answer<Name>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(name, bytes + CALL_BYTES);
      if (refusal !== undefined) {
        reject(new MeshError(refusal));
        return;
      }
      const settle = (outcome: CallOutcome): void => {
        if (outcome.kind === "answered") resolve(outcome.answer as Answer<Name>);
        else reject(new MeshError(failureOfProblem(outcome.problem)));
      };
      this.#waiting.push({ call: { name, question }, bytes: bytes + CALL_BYTES, settle });
      this.#waitingBytes += bytes + CALL_BYTES;
      this.#schedule();
    });
  }

  /** Gives an order that is no call. Rejects with `STORE_UNAVAILABLE`. */
  order(order: ThreadOrder): Promise<void> {
    return new Promise((resolve, reject) => {
      const onWord = (word: ThreadWord): void => {
        if (word.kind === "problem") reject(new MeshError(failureOfProblem(word.problem)));
        else resolve();
      };
      if (this.#ended !== undefined)
        onWord({ kind: "problem", problem: this.#ended, isFinal: true });
      else this.#errands.push({ order, onWord });
      this.#schedule();
    });
  }

  /** Carries out what was asked for, and ends the thread. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = CLOSED;
    await new Promise<void>((resolve) => {
      this.#errands.push({ order: { kind: "close" }, onWord: () => resolve() });
      this.#schedule();
    });
    await this.#thread.terminate();
  }

  #refusal(name: OperationName, bytes: number): Failure | undefined {
    if (this.#ended !== undefined) return failureOfProblem(this.#ended);
    if (this.#waitingBytes >= LIMITS.unstoredBytes)
      return failure("OVERLOADED", BUSY, { retryAfterMs: BUSY_RETRY_MS });
    const inUse = this.#usedBytes + this.#sentBytes + this.#waitingBytes;
    if (name !== "appendEvents" || inUse + bytes <= this.#mostBytes) return undefined;
    return failure("OVERLOADED", FULL, { retryAfterMs: FULL_RETRY_MS });
  }

  /** What is asked for in one turn of the event loop leaves together. */
  #schedule(): void {
    if (this.#isScheduled || this.#onWord !== undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#onWord !== undefined) return;
    const [errand] = this.#errands;
    if (errand !== undefined && (errand.order.kind !== "close" || this.#waiting.length === 0)) {
      this.#errands.shift();
      this.#send(errand.order, errand.onWord);
    } else if (this.#waiting.length > 0) this.#sendCalls();
  }

  #sendCalls(): void {
    const sent = this.#waiting.splice(0, this.#countFitting());
    for (const { bytes } of sent) {
      this.#waitingBytes -= bytes;
      this.#sentBytes += bytes;
    }
    const calls = sent.map(({ call }) => call);
    this.#send({ kind: "calls", calls }, (word) => this.#settle(sent, word));
  }

  #countFitting(): number {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && (count >= MOST_CALLS || bytes > MOST_ORDER_BYTES)) break;
      count++;
    }
    return count;
  }

  #settle(sent: readonly Waiting[], word: ThreadWord): void {
    if (word.kind !== "problem") {
      const outcomes = word.kind === "done" ? word.outcomes : [];
      for (const [index, { settle }] of sent.entries()) settle(outcomes[index] ?? UNANSWERED);
      return;
    }
    const outcome: CallOutcome = { kind: "failed", problem: word.problem };
    const behind = this.#waiting.filter(({ call }) => call.name === "appendEvents");
    this.#waiting = this.#waiting.filter(({ call }) => call.name !== "appendEvents");
    for (const { bytes } of behind) this.#waitingBytes -= bytes;
    for (const { settle } of [...sent, ...behind]) settle(outcome);
  }

  #send(order: ThreadOrder, onWord: (word: ThreadWord) => void): void {
    this.#onWord = onWord;
    this.#thread.postMessage(order);
  }

  #take(word: ThreadWord): void {
    const onWord = this.#onWord;
    this.#onWord = undefined;
    this.#sentBytes = 0;
    if (word.kind === "done") this.#usedBytes = word.usedBytes;
    if (word.kind === "problem" && word.isFinal) this.#break(word.problem);
    onWord?.(word);
    this.#next();
  }

  #break(problem: PlainProblem): void {
    if (this.#broken !== undefined) return;
    this.#broken = problem;
    this.#onBroken?.(problem);
  }

  /** The thread is gone: everything that it was asked for fails. */
  #lost(text: string): void {
    if (this.#ended === undefined) {
      this.#ended = { kind: "failed", text: `the store is gone: ${text}` };
      this.#break(this.#ended);
    }
    const word: ThreadWord = { kind: "problem", problem: this.#ended, isFinal: true };
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const { settle } of waiting) settle({ kind: "failed", problem: this.#ended });
    for (const { onWord } of this.#errands.splice(0)) onWord(word);
    const onWord = this.#onWord;
    this.#onWord = undefined;
    onWord?.(word);
  }
}
