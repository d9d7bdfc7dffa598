/** Thousands of dead letters are replayed, twice at once: each is handled once, in the order of its agent. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { connectAdmin, type MeshAdmin, topicId, type Worker } from "@agentmesh/worker-sdk";
import { startHostProcess } from "../../support/processes.ts";
import { eventually } from "../../support/waiting.ts";
import { startCaller } from "../caller.ts";
import { Crew } from "../crew.ts";
import { eventId, sequenceOf } from "../lanes.ts";
import { Happened } from "../programs/messages.ts";
import type { Row } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Turns } from "../turns.ts";

const TYPE = "scribe";
const TOPIC = "fault.kept";
const WORKERS = 3;
const LANES = Array.from({ length: 100 }, (_, index) => `lane-${index}`);
const LIMIT_MS = 120_000;

export const replay: Row = {
  id: "replay",
  title:
    "dead letters are replayed, by two people at once: each is handled once, in the order of its agent",
  async run(stage) {
    const perLane = stage.size(100, 10);
    const deadLetters = LANES.length * perLane;
    const { address } = await startHostProcess({ data: stage.subfolder("data"), deadLetters });
    const cure = path.join(stage.folder, "cure");
    const durable = { name: "archive", maxAttempts: 1 };
    const crew = await Crew.start(stage, {
      hosts: Array.from({ length: WORKERS }, () => address),
      agentType: TYPE,
      listens: [{ topicType: TOPIC, durable }],
      cure,
    });
    await publishAll(stage, await startCaller(address), perLane);
    await using admin = await connectAdmin({ host: address });
    const parked = () => countDeadLetters(admin);
    await eventually(parked, (count) => count === deadLetters, "all to be parked", LIMIT_MS);
    stage.say(`${deadLetters} dead letters are parked`);

    writeFileSync(cure, "");
    const startedAt = performance.now();
    const results = await Promise.all([admin.replayDeadLetters({}), admin.replayDeadLetters({})]);
    const isHandled = (turns: Turns) => allIds(perLane).every((id) => turns.ended(id) > 0);
    const all = `${deadLetters} replays`;
    const turns = await eventually(() => crew.turns(), isHandled, all, LIMIT_MS);
    const replayMs = Math.round(performance.now() - startedAt);
    await eventually(parked, (count) => count === 0, "no dead letter to be left", LIMIT_MS);
    const again = await admin.replayDeadLetters({});
    if (again.replayed > 0) stage.problem(`${again.replayed} were there to be replayed once more`);
    const refused = results.reduce((sum, result) => sum + result.refused.length, 0);
    if (refused > 0) stage.problem(`${refused} were refused`);
    compare(stage, await turns.readOn(), perLane);
    return { deadLetters, replayMs };
  },
};

function allIds(perLane: number): string[] {
  return LANES.flatMap((lane) =>
    Array.from({ length: perLane }, (_, index) => eventId(lane, index + 1)),
  );
}

/** Publishes what fails for as long as there is no cure, lane after lane at once. */
async function publishAll(stage: Stage, caller: Worker, perLane: number): Promise<void> {
  for (let sequence = 1; sequence <= perLane; sequence++) {
    const published = LANES.map((lane) => {
      const takesMs = stage.between(0, 1);
      const event = Happened({ id: eventId(lane, sequence), takesMs, effect: "ail" });
      return caller.publish(topicId(TOPIC, lane), event);
    });
    await Promise.all(published);
  }
}

async function countDeadLetters(admin: MeshAdmin): Promise<number> {
  let count = 0;
  for await (const _letter of admin.deadLetters()) count++;
  return count;
}

function compare(stage: Stage, turns: Turns, perLane: number): void {
  for (const lane of LANES) {
    const ended = turns.of(`${TYPE}/${lane}`).filter(({ at }) => at === "ended");
    const sequences = ended.map(({ id }) => sequenceOf(id));
    const isInOrder = sequences.every((sequence, index) => sequence === index + 1);
    if (!isInOrder || sequences.length !== perLane)
      stage.problem(`${lane} was handled in the order ${sequences.join(" ")}`);
  }
}
