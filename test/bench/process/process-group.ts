/**
 * The processes of one contender. They are ended one by one, by their own ids, the last one
 * first.
 */
import { fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Program } from "./program.ts";

/** Processes that are started and ended together. */
export class ProcessGroup {
  #programs: Program[] = [];

  /** Starts a program that is found on disk. */
  spawn(name: string, command: string, args: readonly string[]): Program {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    return this.#keep(new Program(name, child));
  }

  /** Starts a module of the bench, with a channel for notices. */
  fork(name: string, module: URL, args: readonly string[]): Program {
    const child = fork(fileURLToPath(module), args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    return this.#keep(new Program(name, child));
  }

  /** Resolves when the first of them is gone, with its last words. */
  firstEnd(): Promise<Error> {
    return Promise.race(this.#programs.map((program) => program.ended));
  }

  /** Ends all of them. */
  async end(): Promise<void> {
    const programs = this.#programs.reverse();
    this.#programs = [];
    for (const program of programs) await program.end();
  }

  /** Kills all of them without waiting. */
  kill(): void {
    for (const program of this.#programs) program.kill();
  }

  #keep(program: Program): Program {
    this.#programs.push(program);
    return program;
  }
}
