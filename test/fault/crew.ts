/**
 * Workers in processes of their own that come back: when one is gone, its successor starts at once, as under any
 * supervisor.
 */
import path from "node:path";
import { z } from "zod";
import { atTheEnd } from "../support/ending.ts";
import { type ProgramProcess, startProgram } from "../support/processes.ts";
import type { WorkerTask } from "./programs/protocol.ts";
import type { Stage } from "./stage.ts";
import { Turns } from "./turns.ts";

/** Lives that may end before they have begun, one after the other: a host that is away for a while costs some. */
const MOST_FALSE_STARTS = 50;

const Notice = z.object({ kind: z.literal("ready") });
type Worker = ProgramProcess<z.infer<typeof Notice>, never>;

/** How to staff a mesh. */
export interface CrewStart extends Omit<WorkerTask, "name" | "journal" | "host"> {
  /** Where each worker connects, by its place. */
  readonly hosts: readonly string[];
  /** What their names begin with. Default `worker`. */
  readonly name?: string;
}

export class Crew {
  readonly #stage: Stage;
  readonly #slots: readonly Slot[];
  readonly #turns: Turns;

  private constructor(stage: Stage, slots: readonly Slot[], turns: Turns) {
    this.#stage = stage;
    this.#slots = slots;
    this.#turns = turns;
  }

  /** Starts one worker per host and waits until all of them are up. */
  static async start(stage: Stage, { hosts, name = "worker", ...rest }: CrewStart): Promise<Crew> {
    const folder = stage.subfolder(`turns-of-${name}`);
    const slots = hosts.map((host, index) => {
      const journal = path.join(folder, `${name}-${index}`);
      return new Slot(stage, { ...rest, host, name: `${name}-${index}`, journal });
    });
    await Promise.all(slots.map((slot) => slot.isUp));
    return new Crew(stage, slots, new Turns(folder));
  }

  /** How many workers were lost so far. */
  get losses(): number {
    return this.#slots.reduce((sum, { losses }) => sum + losses, 0);
  }

  /** What all of them have written so far. */
  turns(): Promise<Turns> {
    return this.#turns.readOn();
  }

  /** `kill -9` of one that is up, which chance chooses; of the next one that is, when none is. Resolves when it is gone. */
  async killOne(): Promise<void> {
    const up = this.#slots.flatMap(({ worker }) => worker ?? []);
    const chosen = up[this.#stage.between(0, up.length - 1)];
    const victim = chosen ?? (await Promise.race(this.#slots.map((slot) => slot.isUp)));
    await victim.kill();
  }
}

/** The place of one worker, filled again whenever it is empty. */
class Slot {
  /** The worker of now, or of soon. */
  isUp: Promise<Worker>;
  /** The worker of now, while there is one. */
  worker: Worker | undefined;
  losses = 0;
  readonly #stage: Stage;
  readonly #task: WorkerTask;
  #isOver = false;

  constructor(stage: Stage, task: WorkerTask) {
    this.#stage = stage;
    this.#task = task;
    atTheEnd(() => {
      this.#isOver = true;
    });
    this.isUp = this.#fill();
  }

  async #fill(falseStarts = 0): Promise<Worker> {
    try {
      const worker = await this.#start();
      this.worker = worker;
      worker.whenEnded((how) => this.#refill(how));
      return worker;
    } catch (error) {
      if (this.#isOver || falseStarts === MOST_FALSE_STARTS) throw error;
      return await this.#fill(falseStarts + 1);
    }
  }

  #refill(how: string): void {
    this.worker = undefined;
    if (this.#isOver) return;
    this.losses++;
    if (!how.startsWith("SIGKILL")) this.#stage.problem(`${this.#task.name} ended with ${how}`);
    this.isUp = this.#fill();
    // Who waits for it hears of it; nobody may.
    this.isUp.catch(() => undefined);
  }

  #start(): Promise<Worker> {
    return startProgram({
      name: this.#task.name,
      source: new URL("./programs/worker.ts", import.meta.url),
      task: this.#task,
      read: Notice.parse,
    });
  }
}
