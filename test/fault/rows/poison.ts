/** Messages that ruin who handles them, among healthy ones: they are parked, and nothing else is. */
import { connectAdmin, defineMessage, topicId, type Worker } from "@agentmesh/worker-sdk";
import { z } from "zod";
import { startHostProcess } from "../../support/processes.ts";
import { eventually } from "../../support/waiting.ts";
import { startCaller } from "../caller.ts";
import { Crew } from "../crew.ts";
import { eventId, judgeLane, sequenceOf } from "../lanes.ts";
import { Happened } from "../programs/messages.ts";
import type { Row } from "../row.ts";
import type { Stage } from "../stage.ts";
import type { Turns } from "../turns.ts";

const TYPE = "scribe";
const TOPIC = "fault.kept";
/** Events of this one wait for agents that no worker runs. */
const FORGOTTEN_TOPIC = "fault.forgotten";
const FORGOTTEN_TYPE = "nobody";
const RETENTION_MS = 2_000;
const WORKERS = 3;
const LANES = 50;
const LIMIT_MS = 180_000;
/** A turn is abandoned after these. */
const MAX_TURN_MS = 2_000;
const TURN_GRACE_MS = 500;
/** What takes long and is healthy. */
const SLOW_MS = 1_200;

/** The same message to who reads its name, and nothing that its agents can read. */
const Garbled = defineMessage("fault.Happened", z.object({ id: z.string(), effect: z.number() }));

/** What is published, and what is to become of it. */
type Kind = "healthy" | "slow" | "poison" | "failing" | "hanging" | "garbled" | "forgotten";

interface Planned {
  readonly id: string;
  readonly lane: string;
  readonly kind: Kind;
}

export const poison: Row = {
  id: "poison",
  title:
    "messages that kill, fail, hang, are garbled or forgotten, among healthy ones: just these are parked",
  async run(stage) {
    const { address } = await startHostProcess({
      data: stage.subfolder("data"),
      leaseMs: 500,
      turnGraceMs: TURN_GRACE_MS,
    });
    const hosts = Array.from({ length: WORKERS }, () => address);
    const durable = { name: "archive", backoffMs: 1, maxAttempts: 3 };
    const crew = await Crew.start(stage, {
      hosts,
      agentType: TYPE,
      listens: [{ topicType: TOPIC, durable }],
      maxTurnMs: MAX_TURN_MS,
    });
    const caller = await startCaller(address);
    const forgotten = { name: "forgotten", retentionMs: RETENTION_MS };
    await caller.subscribe({ type: FORGOTTEN_TOPIC }, FORGOTTEN_TYPE, { durable: forgotten });
    const plan = planEvents(stage);
    await Promise.all(plan.map((planned) => publish(stage, caller, planned)));
    const bad = plan.filter(isBad);
    stage.say(`${plan.length} events accepted, ${bad.length} of them bad`);
    const healthy = plan.filter((planned) => !isBad(planned));
    await eventually(
      () => crew.turns(),
      (turns) => healthy.every(({ id }) => turns.ended(id) > 0),
      "every healthy event to be handled",
      LIMIT_MS,
    ).catch((error: unknown) => stage.problem(String(error)));
    stage.say(`healthy ones are handled, ${crew.losses} workers lost`);
    const parked = await parkedAt(address, bad.length);
    compareParked(stage, bad, parked);
    compareHandled(stage, await crew.turns(), plan);
    return {
      events: plan.length,
      bad: bad.length,
      parked: parked.length,
      workersLost: crew.losses,
    };
  },
};

function isBad({ kind }: Planned): boolean {
  return kind !== "healthy" && kind !== "slow";
}

/** Healthy events in every lane, with the bad ones of each kind at places that chance chooses. */
function planEvents(stage: Stage): Planned[] {
  const perLane = stage.size(40, 10);
  const kinds = new Map<string, Kind>();
  const spread = (kind: Kind, count: number, length = 1): void => {
    for (let index = 0; index < count; index++) {
      const lane = stage.between(0, LANES - 1);
      const first = stage.between(1, perLane - length);
      for (let next = 0; next < length; next++)
        kinds.set(eventId(`lane-${lane}`, first + next), kind);
    }
  };
  spread("slow", 3);
  spread("garbled", stage.size(10, 3));
  spread("failing", stage.size(10, 3));
  spread("hanging", stage.size(3, 1));
  spread("poison", stage.size(3, 1));
  // One after the other: a worker that has come back meets the next one.
  spread("poison", 1, stage.size(4, 2));
  const plan: Planned[] = [];
  for (let sequence = 1; sequence <= perLane; sequence++) {
    for (let index = 0; index < LANES; index++) {
      const lane = `lane-${index}`;
      const id = eventId(lane, sequence);
      plan.push({ id, lane, kind: kinds.get(id) ?? "healthy" });
    }
  }
  const count = stage.size(50, 10);
  const forgotten = Array.from({ length: count }, (_, index): Planned => {
    return { id: eventId("forgotten", index + 1), lane: "forgotten", kind: "forgotten" };
  });
  return [...plan, ...forgotten];
}

function publish(stage: Stage, caller: Worker, { id, lane, kind }: Planned): Promise<void> {
  const topic = topicId(kind === "forgotten" ? FORGOTTEN_TOPIC : TOPIC, lane);
  if (kind === "garbled") return caller.publish(topic, Garbled({ id, effect: 0 }));
  const takesMs = kind === "slow" ? SLOW_MS : stage.between(0, 3);
  return caller.publish(topic, Happened({ id, takesMs, effect: EFFECTS[kind] }));
}

const EFFECTS = {
  healthy: "none",
  slow: "none",
  forgotten: "none",
  poison: "kill",
  failing: "fail",
  hanging: "hang",
} as const;

interface Parked {
  readonly id: string;
  readonly code: string;
}

/** The dead letters of a host, when there are so many or no more come. */
async function parkedAt(address: string, count: number): Promise<readonly Parked[]> {
  await using admin = await connectAdmin({ host: address });
  const read = async (): Promise<Parked[]> => {
    const parked: Parked[] = [];
    for await (const { id, target, reason } of admin.deadLetters()) {
      const { content } = await admin.deadLetter(id, { target });
      parked.push({
        ...Named.parse(JSON.parse(Buffer.from(content.data).toString())),
        code: reason.code,
      });
    }
    return parked;
  };
  return await eventually(read, (parked) => parked.length >= count, "dead letters", LIMIT_MS).catch(
    read,
  );
}

const Named = z.object({ id: z.string() });

function compareParked(stage: Stage, bad: readonly Planned[], parked: readonly Parked[]): void {
  const wanted = new Map(bad.map(({ id, kind }) => [id, kind]));
  const found = new Set<string>();
  for (const { id, code } of parked) {
    if (!wanted.has(id)) stage.problem(`${id} was parked with ${code}, and is healthy`);
    if (found.has(id)) stage.problem(`${id} was parked twice`);
    found.add(id);
  }
  for (const [id, kind] of wanted)
    if (!found.has(id)) stage.problem(`${id}, ${kind}, was not parked`);
}

function compareHandled(stage: Stage, turns: Turns, plan: readonly Planned[]): void {
  for (let index = 0; index < LANES; index++) {
    const lane = `lane-${index}`;
    const healthy = plan.filter((planned) => planned.lane === lane && !isBad(planned));
    const expected = healthy.map(({ id }) => sequenceOf(id));
    const { lost, unmarked, outOfOrder } = judgeLane(turns.of(`${TYPE}/${lane}`), expected);
    if (lost + unmarked + outOfOrder > 0)
      stage.problem(
        `${lane}: ${lost} lost, ${unmarked} repeated without a mark, ${outOfOrder} out of order`,
      );
  }
}
