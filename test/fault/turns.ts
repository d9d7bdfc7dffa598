/**
 * What workers wrote down of their turns: the evidence that no message of the mesh can bend. A worker appends a line when
 * a turn begins and one when it ends; what was written survives `kill -9` of who wrote it.
 */
import { openSync, writeSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import path from "node:path";

/** A line: a turn has begun, or has ended well. */
export interface TurnLine {
  readonly at: "began" | "ended";
  /** What the message calls itself. */
  readonly id: string;
  /** The agent, as `type/key`. */
  readonly agent: string;
  readonly activation: number;
  readonly attempt: number;
  readonly resent: boolean;
}

/** Appends to a file. */
export class TurnWriter {
  readonly #file: number;

  constructor(file: string) {
    this.#file = openSync(file, "a");
  }

  write(line: TurnLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** All that the workers of a folder have written, as far as it was read. */
export class Turns {
  readonly #folder: string;
  /** How far each file was read, in bytes. */
  readonly #read = new Map<string, number>();
  readonly #byId = new Map<string, TurnLine[]>();
  readonly #byAgent = new Map<string, TurnLine[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what has been written since the last time. */
  async readOn(): Promise<this> {
    for (const file of await readdir(this.#folder)) await this.#readFile(file);
    return this;
  }

  /** Every message that was begun. */
  get ids(): Iterable<string> {
    return this.#byId.keys();
  }

  /** How often a message was begun. */
  begun(id: string): number {
    return count(this.#byId.get(id), "began");
  }

  /** How often a message was handled to its end. */
  ended(id: string): number {
    return count(this.#byId.get(id), "ended");
  }

  /** What an agent did, in its order. */
  of(agent: string): readonly TurnLine[] {
    // An activation lives on one worker, so that its lines are in order; later activations have larger numbers.
    return [...(this.#byAgent.get(agent) ?? [])].sort((a, b) => a.activation - b.activation);
  }

  async #readFile(name: string): Promise<void> {
    const from = this.#read.get(name) ?? 0;
    const bytes = await bytesFrom(path.join(this.#folder, name), from);
    // The last line may be on its way.
    const end = bytes.lastIndexOf("\n") + 1;
    this.#read.set(name, from + end);
    for (const text of bytes.toString("utf8", 0, end).split("\n").slice(0, -1)) {
      const line: TurnLine = JSON.parse(text);
      note(this.#byId, line.id, line);
      note(this.#byAgent, line.agent, line);
    }
  }
}

async function bytesFrom(file: string, from: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(size - from);
    await handle.read(bytes, 0, bytes.length, from);
    return bytes;
  } finally {
    await handle.close();
  }
}

function note(map: Map<string, TurnLine[]>, key: string, line: TurnLine): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [line]);
  else known.push(line);
}

function count(lines: readonly TurnLine[] = [], at: TurnLine["at"]): number {
  return lines.filter((line) => line.at === at).length;
}
