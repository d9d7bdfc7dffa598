/** A real worker of AutoGen, in a process of its own, that does what a test tells it. */
import { spawn } from "node:child_process";
import { Journal } from "../../support/journal.ts";
import { TestProcess } from "../../support/processes.ts";
import { sourceOf } from "./scenarios.ts";

/** What it tells. */
type Notice =
  | { readonly kind: "ready" }
  | { readonly kind: "heard"; readonly agent: string; readonly text: string }
  | { readonly kind: "done" | "failed"; readonly order: number; readonly text: string | null }
  /** Its host is gone. */
  | { readonly kind: "lost"; readonly text: string };

/** Milliseconds of real time: Python loads AutoGen for seconds on a busy machine. */
const START_MS = 30_000;

export class Puppet {
  readonly process: TestProcess;
  readonly notices = new Journal<Notice>("a worker of AutoGen");
  readonly #tell: (line: string) => void;
  #lastOrder = 0;

  private constructor(process: TestProcess, tell: (line: string) => void) {
    this.process = process;
    this.#tell = tell;
    process.out.each((line) => this.notices.add(JSON.parse(line)));
    process.whenEnded((how) => this.notices.close(how));
  }

  /** Starts one and waits until it is connected. */
  static async start(python: string, address: string): Promise<Puppet> {
    const child = spawn(python, [sourceOf("puppet.py"), address]);
    const process = new TestProcess("a worker of AutoGen", child);
    const puppet = new Puppet(process, (line) => child.stdin.write(line));
    await puppet.notices.first(({ kind }) => kind === "ready", "its start", { limitMs: START_MS });
    return puppet;
  }

  /** Registers a type whose agents tell what they hear, and subscribes it. */
  async serve(type: string, ...topics: readonly string[]): Promise<void> {
    await this.#order("serve", { type, topics });
  }

  /** Sends a note to `type/key`. @returns the text of the answer. @throws what it was told instead. */
  async send(target: string, text: string): Promise<string | null> {
    const [type, key] = target.split("/");
    return await this.#order("send", { type, key, text });
  }

  /** Publishes notes to `type/source`; `#` in the text becomes their number, from 0 on. */
  async publish(topic: string, text: string, count = 1): Promise<void> {
    const [type, source] = topic.split("/");
    await this.#order("publish", { topic: type, source, text, count });
  }

  /** Lets it write what no worker should. */
  async rave(): Promise<void> {
    await this.#order("rave", {});
  }

  /** The first `count` notes that its agents have heard. */
  async heard(count: number): Promise<string[]> {
    const isHeard = ({ kind }: Notice): boolean => kind === "heard";
    const found = await this.notices.several(isHeard, count, `${count} notes`, { limitMs: 20_000 });
    return found.flatMap((notice) =>
      notice.kind === "heard" ? [`${notice.agent}: ${notice.text}`] : [],
    );
  }

  /** Waits until it has lost its host. */
  async lost(): Promise<void> {
    await this.notices.first(({ kind }) => kind === "lost", "the loss of its host");
  }

  async #order(what: string, options: object): Promise<string | null> {
    const number = ++this.#lastOrder;
    this.#tell(`${JSON.stringify({ number, what, arguments: options })}\n`);
    const isAnswer = (notice: Notice): notice is Extract<Notice, { order: number }> =>
      "order" in notice && notice.order === number;
    const answer = await this.notices.first(isAnswer, `the end of ${what}`, { limitMs: 20_000 });
    if (answer.kind === "failed") throw new Error(answer.text ?? "");
    return answer.text;
  }
}
