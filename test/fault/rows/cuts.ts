/** Links break, each for less than the lease: nobody notices. */
import { setTimeout as pause } from "node:timers/promises";
import { agentId, topicId, type Worker } from "@agentmesh/worker-sdk";
import type { TcpProxy } from "@agentmesh/worker-sdk/testing";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { eventually } from "../../support/waiting.ts";
import { startCaller } from "../caller.ts";
import { Count } from "../count.ts";
import { Crew } from "../crew.ts";
import { eventId, judgeLane } from "../lanes.ts";
import { CountUp, Happened, Task } from "../programs/messages.ts";
import type { Row } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Turns } from "../turns.ts";

const TYPE = "scribe";
const TOPIC = "fault.happened";
const KEYS = Array.from({ length: 16 }, (_, index) => `key-${index}`);
const SENDS_PER_KEY = 4;
const STREAMS = 8;
const STREAM_LENGTH = 300;
const EVENTS_PER_SECOND = 2_000;
const TICK_MS = 10;
/** Of the lease of 1 500 ms; the rest is for connecting again. */
const MOST_AWAY_MS = 300;
const LIMIT_MS = 60_000;

export const cuts: Row = {
  id: "cuts",
  title:
    "links are cut under sends, streams and events: nothing lost, repeated, reordered or failed",
  async run(stage) {
    const total = stage.size(200, 30);
    const host = await startHostProcess();
    // Bytes that take their time are on their way when a link is cut.
    const proxy = () => startTcpProxy(host.address, { delayMs: 1 });
    const links: [TcpProxy, ...TcpProxy[]] = [await proxy(), await proxy(), await proxy()];
    const hosts = links.slice(1).map(({ address }) => address);
    const crew = await Crew.start(stage, {
      hosts,
      agentType: TYPE,
      listens: [{ topicType: TOPIC }],
    });
    const traffic = new Traffic(stage, await startCaller(links[0].address));
    for (let cut = 1; cut <= total; cut++) {
      await traffic.progress.grown(stage.between(100, 1_000));
      await cutOne(stage, links);
      if (cut % 20 === 0) stage.say(`${cut} of ${total} cuts, ${traffic.progress.value} messages`);
    }
    await traffic.progress.grown(1_000);
    await traffic.end();
    const events = await traffic.compare(crew);
    const lapsed = host.log.entries.filter(({ event }) => event === "session.lapsed").length;
    if (lapsed > 0) stage.problem(`${lapsed} sessions lapsed: a cut was longer than the lease`);
    return { cuts: total, messages: traffic.progress.value, events };
  },
};

/** Cuts a link, or two at once, for a moment or for longer; some are cut again as soon as they stand. */
async function cutOne(stage: Stage, links: readonly [TcpProxy, ...TcpProxy[]]): Promise<void> {
  const chosen = stage.random() < 0.2 ? links : [stage.pick(links)];
  const isAway = stage.random() < 0.5;
  for (const link of chosen) {
    if (isAway) link.refuse();
    link.cut(stage.random() < 0.5 ? "reset" : "end");
  }
  if (!isAway) return;
  await pause(stage.between(0, MOST_AWAY_MS));
  for (const link of chosen) await link.accept();
}

/** Steady traffic of one caller, with numbers without gaps in every lane. */
class Traffic {
  readonly progress = new Count("messages of the traffic", LIMIT_MS);
  readonly #stage: Stage;
  readonly #caller: Worker;
  readonly #running: Promise<void>[] = [];
  readonly #lanes = new Map<string, number>();
  #isEnding = false;

  constructor(stage: Stage, caller: Worker) {
    this.#stage = stage;
    this.#caller = caller;
    for (const key of KEYS) {
      for (let lane = 0; lane < SENDS_PER_KEY; lane++) this.#keepGoing(() => this.#send(key));
    }
    for (let stream = 0; stream < STREAMS; stream++) this.#keepGoing(() => this.#read(stream));
    this.#running.push(this.#publishAll());
  }

  /** Begins nothing more, and waits for what is open. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#running);
  }

  /** Compares what agents did with what they were asked for. @returns how many events there were. */
  async compare(crew: Crew): Promise<number> {
    // Acceptance does not wait for handlers.
    const isThere = (turns: Turns) => KEYS.every((key) => turns.ended(this.#lastEvent(key)) > 0);
    const turns = await eventually(
      () => crew.turns(),
      isThere,
      "the last event of each lane",
      LIMIT_MS,
    );
    for (const [lane, last] of this.#lanes) {
      const key = lane.slice(lane.indexOf(":") + 1);
      const lines = turns.of(`${TYPE}/${key}`).filter(({ id }) => id.startsWith(`${lane}#`));
      const expected = Array.from({ length: last }, (_, index) => index + 1);
      const { lost, repeated, outOfOrder } = judgeLane(lines, expected);
      if (lost + repeated + outOfOrder > 0)
        this.#stage.problem(
          `${lane}: ${lost} lost, ${repeated} repeated, ${outOfOrder} out of order`,
        );
    }
    return KEYS.reduce((sum, key) => sum + (this.#lanes.get(`event:${key}`) ?? 0), 0);
  }

  #lastEvent(key: string): string {
    const lane = `event:${key}`;
    return eventId(lane, this.#lanes.get(lane) ?? 0);
  }

  #next(lane: string): string {
    const sequence = (this.#lanes.get(lane) ?? 0) + 1;
    this.#lanes.set(lane, sequence);
    return eventId(lane, sequence);
  }

  #keepGoing(step: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      while (!this.#isEnding) await this.#counted(step);
    };
    this.#running.push(run());
  }

  async #counted(step: () => Promise<void>): Promise<void> {
    await step().catch((error) => this.#stage.problem(String(error)));
    this.progress.add();
  }

  async #send(key: string): Promise<void> {
    const id = this.#next(`send:${key}`);
    const task = Task({ id, takesMs: this.#stage.between(0, 5) });
    const done = await this.#caller.send(agentId(TYPE, key), task, { timeoutMs: LIMIT_MS });
    if (done.id !== id) this.#stage.problem(`${id} got the reply to ${done.id}`);
  }

  async #read(stream: number): Promise<void> {
    const numbers = this.#caller.stream(
      agentId(TYPE, `stream-${stream}`),
      CountUp({ upTo: STREAM_LENGTH }),
    );
    let last = 0;
    for await (const { number } of numbers) {
      if (number !== last + 1) this.#stage.problem(`a stream went from ${last} to ${number}`);
      last = number;
    }
    if (last !== STREAM_LENGTH) this.#stage.problem(`a stream ended at ${last}`);
  }

  /** Publishes at its rate, whatever becomes of what it has published. */
  async #publishAll(): Promise<void> {
    const startedAt = performance.now();
    const published: Promise<void>[] = [];
    while (!this.#isEnding) {
      const due = ((performance.now() - startedAt) / 1_000) * EVENTS_PER_SECOND;
      while (published.length < due)
        published.push(this.#counted(() => this.#publish(published.length)));
      await pause(TICK_MS);
    }
    await Promise.all(published);
  }

  #publish(number: number): Promise<void> {
    const key = KEYS[number % KEYS.length] ?? "";
    return this.#caller.publish(topicId(TOPIC, key), Happened({ id: this.#next(`event:${key}`) }));
  }
}
