/** Real workers that a supervisor starts again whenever a message has killed them. */
import path from "node:path";
import { connectAdmin, type DeadLetterInfo, topicId } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { type ProgramProcess, startHostProcess, startProgram } from "../../support/processes.ts";
import { until } from "../../support/waiting.ts";
import { RECOVERY_MS, startCaller } from "./mesh.ts";
import { HAPPENINGS, Happened } from "./programs/messages.ts";
import { type FragileTask, Notice, type Order } from "./programs/protocol.ts";

const POISON = "poison";
const HEALTHY = Array.from({ length: 50 }, (_, index) => `healthy-${index}`);
const SENDERS = [...HEALTHY.slice(0, 25), POISON, ...HEALTHY.slice(25)];
/** Workers that may be lost over one message. */
const CRASHES = 3;

type Fragile = ProgramProcess<Notice, Order>;

/** A worker that dies of poison. */
function startFragile(host: string): Promise<Fragile> {
  const source = new URL("./programs/fragile.ts", import.meta.url);
  const task: FragileTask = { host, poison: POISON };
  return startProgram({ name: "fragile", source, task, read: Notice.parse });
}

function heardBy({ notices }: Fragile): string[] {
  return notices.entries.flatMap((notice) => (notice.kind === "heard" ? [notice.agent] : []));
}

test.each([
  ["durable", { name: "archive" }],
  ["ephemeral", undefined],
])(
  "one poisonous event among 50 open turns makes one dead letter, and the others are handled: %s",
  async (_, durable) => {
    const data = durable === undefined ? {} : { data: path.join(folderForTest(), "data") };
    const host = await startHostProcess({ leaseMs: 300, ...data });
    const { worker: caller } = await startCaller({ host: host.address });
    const workers = [await startFragile(host.address)];
    await caller.subscribe(
      { type: HAPPENINGS },
      "fragile",
      durable === undefined ? {} : { durable },
    );
    const publish = (sender: string) =>
      caller.publish(topicId(HAPPENINGS, sender), Happened({ sender, sequence: 1 }));
    await Promise.all(SENDERS.map(publish));
    await workers[0]?.notices.several(({ kind }) => kind === "held", SENDERS.length, "open turns", {
      limitMs: RECOVERY_MS,
    });
    for (let lost = 0; lost < CRASHES; lost++) {
      const doomed = workers.at(-1);
      doomed?.order({ kind: "open-gate" });
      expect(await doomed?.finished(RECOVERY_MS)).toMatchObject({ signal: "SIGKILL" });
      workers.push(await startFragile(host.address));
    }
    workers.at(-1)?.order({ kind: "open-gate" });
    const heard = () => new Set(workers.flatMap(heardBy));
    await until(() => heard().size >= HEALTHY.length, "the healthy events", RECOVERY_MS);
    expect(heard()).toEqual(new Set(HEALTHY.map((sender) => `fragile/${sender}`)));
    await using admin = await connectAdmin({ host: host.address });
    const letters: DeadLetterInfo[] = [];
    for await (const letter of admin.deadLetters()) letters.push(letter);
    expect(letters).toMatchObject([
      { target: { key: POISON }, crashes: CRASHES, reason: { code: "WORKER_LOST" } },
    ]);
  },
);
