/**
 * One running program of the bench: its last lines of output, its notices, its end. Whoever waits
 * for it learns of its end at once, with its last words.
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { isNotice, type Notice, type RunRequest } from "./protocol.ts";

const TAIL_LINES = 8;
/** Lines that say less than those around them: frames of a stack, and blank ones. */
const NOISE = /^\s*(at .*)?$/;
const START_MS = 20_000;
const TERMINATE_MS = 3_000;

/** A started program. */
export class Program {
  /** Resolves when it is gone, with its last words. */
  readonly ended: Promise<Error>;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  readonly #lineListeners = new Set<(line: string) => void>();

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.on("error", resolve);
      child.once("exit", (code, signal) => resolve(this.#describeEnd(signal ?? `code ${code}`)));
    });
    this.#read(child.stdout);
    this.#read(child.stderr);
  }

  /** Its process id. @throws when it could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} was not started`);
    return this.#child.pid;
  }

  /** The first line from now on that matches. @throws when the program ends or is too slow. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#await(`a line like ${pattern.source}`, START_MS, (found) => {
      const listener = (line: string): void => {
        const match = pattern.exec(line);
        if (match !== null) found(match);
      };
      this.#lineListeners.add(listener);
      return () => this.#lineListeners.delete(listener);
    });
  }

  /** The next notice. @throws when the program ends or is too slow. */
  next(timeoutMs = START_MS): Promise<Notice> {
    return this.#await("its next notice", timeoutMs, (found) => {
      const listener = (message: unknown): void => {
        if (isNotice(message)) found(message);
      };
      this.#child.on("message", listener);
      return () => this.#child.off("message", listener);
    });
  }

  /**
   * Waits until it is up and gives the port on which it listens. @throws when it did not come
   * up.
   */
  async ready(): Promise<number> {
    const notice = await this.next();
    if (notice.kind === "ready") return notice.port;
    throw new Error(`${this.#name}: ${notice.kind === "failed" ? notice.reason : notice.kind}`);
  }

  /** Asks for a measurement. */
  tell(request: RunRequest): void {
    this.#child.send(request);
  }

  /** Ends it: asks first, kills later. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.kill(), TERMINATE_MS);
    await this.ended;
    clearTimeout(impatience);
  }

  /** Kills it without waiting. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #read(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      if (!NOISE.test(line)) this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      for (const listener of this.#lineListeners) listener(line);
    });
  }

  async #await<T>(
    what: string,
    timeoutMs: number,
    listen: (found: (value: T) => void) => () => void,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let unlisten = (): void => {};
    const late = () => new Error(`${this.#name}: no sign of ${what} within ${timeoutMs} ms`);
    try {
      return await new Promise<T>((resolve, reject) => {
        const stop = listen(resolve);
        unlisten = () => void stop();
        timer = setTimeout(() => reject(late()), timeoutMs);
        this.ended.then(reject, reject);
      });
    } finally {
      clearTimeout(timer);
      unlisten();
    }
  }

  #describeEnd(how: string): Error {
    const words = this.#tail.length === 0 ? "" : `:\n    ${this.#tail.join("\n    ")}`;
    return new Error(`${this.#name} ended with ${how}${words}`);
  }
}
