/** The worker under test: a command in a process group of its own, so that its end takes the shell's children along. */
import { type ChildProcess, spawn } from "node:child_process";

/** Last lines of its output that are shown when it ends before it should. */
const TAIL_LINES = 8;

export class WorkerProcess {
  readonly #child: ChildProcess;
  #tail: string[] = [];
  /** How it ended; undefined while it runs. */
  #ended: string | undefined;
  readonly #gone: Promise<void>;

  constructor(command: string, address: string, onEnd: (how: string) => void) {
    this.#child = spawn(command, {
      shell: true,
      detached: true,
      env: { ...process.env, AGENTMESH_ADDRESS: address },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (bytes: Buffer) => this.#keep(bytes.toString()));
    }
    // However the runner ends, the worker does not outlive it.
    const kill = (): void => this.#kill();
    process.once("exit", kill);
    this.#gone = new Promise((resolve) => {
      this.#child.once("error", resolve);
      this.#child.once("close", resolve);
    }).then(() => {
      process.off("exit", kill);
      const { exitCode, signalCode } = this.#child;
      const words =
        this.#tail.length === 0 ? "" : `; its last lines:\n  ${this.#tail.join("\n  ")}`;
      this.#ended = `the worker ended with ${signalCode ?? `code ${exitCode}`}${words}`;
      onEnd(this.#ended);
    });
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Asks it, and all that it started, to leave. */
  terminate(): void {
    this.#signal("SIGTERM");
  }

  /** Ends it and all that it started. */
  async stop(): Promise<void> {
    this.#kill();
    await this.#gone;
  }

  #kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (this.#ended !== undefined || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended in this moment.
    }
  }

  #keep(text: string): void {
    const lines = text.split("\n").filter((line) => line !== "");
    this.#tail = [...this.#tail, ...lines].slice(-TAIL_LINES);
  }
}
