/** The disk is full, slow, failing or read-only under load: refusals are clear, and what was accepted is handled. */
import path from "node:path";
import { startHostProcess, type TestProcess } from "../../support/processes.ts";
import { OWN_DISK, startOnSmallDisk } from "../../support/small-disk.ts";
import { isUsable, STRACE } from "../../support/tools.ts";
import { startCaller } from "../caller.ts";
import { Crew } from "../crew.ts";
import { startTrouble, type Trouble } from "../disk-trouble.ts";
import { Publishing } from "../publishing.ts";
import type { Figures, Row } from "../row.ts";
import type { Stage } from "../stage.ts";

const TYPE = "scribe";
const TOPIC = "fault.kept";
const WORKERS = 2;
const LISTENS = [{ topicType: TOPIC, durable: { name: "archive", backoffMs: 1 } }];
const PUBLISHING = { topicType: TOPIC, agentType: TYPE, lanes: 16, width: 4 };
/** Room for the write-ahead log as large as it grows by itself, once the ballast is gone. */
const SIZE = { sizeMiB: 64, ballastMiB: 56 };
const FILLER_CHARACTERS = 4_000;
/** Where the host writes what it accepts. */
const LOG_FILE = "agentmesh.db-wal";

export const disk: Row = {
  id: "disk",
  title:
    "the disk is full, slow, failing, read-only: refused clearly, nothing accepted lost, and it recovers",
  async run(stage) {
    const figures: Record<string, number> = {};
    for (const [trouble, run] of Object.entries(TROUBLES)) {
      const found = await run(stage, trouble);
      for (const [name, figure] of Object.entries(found)) figures[`${trouble}.${name}`] = figure;
    }
    return figures;
  },
};

const SKIPPED: Figures = { skipped: 1 };

type Run = (stage: Stage, name: string) => Promise<Figures>;

const TROUBLES: Readonly<Record<"full" | Trouble, Run>> = {
  full: fill,
  slow: (stage, name) => suffer(stage, name, "slow"),
  failing: (stage, name) => suffer(stage, name, "failing"),
  "read-only": (stage, name) => suffer(stage, name, "read-only"),
};

/** Publishes until the disk is full, and makes room. */
async function fill(stage: Stage, name: string): Promise<Figures> {
  if (!isUsable(OWN_DISK)) return SKIPPED;
  const { address, makeRoom } = await startOnSmallDisk(stage.subfolder(name), SIZE);
  const load = await startLoad(stage, name, address, FILLER_CHARACTERS);
  await load.publishing.refused.grown(stage.size(1_000, 200));
  makeRoom();
  stage.say("full: there is room again");
  return await load.finish(stage.size(2_000, 300));
}

/** Publishes over a disk that goes wrong, and is put right again; where that needs it, with a new host. */
async function suffer(stage: Stage, name: string, trouble: Trouble): Promise<Figures> {
  if (!isUsable(STRACE)) return SKIPPED;
  const data = path.join(stage.subfolder(name), "data");
  const host = await startHostProcess({ data });
  const load = await startLoad(stage, name, host.address);
  await load.publishing.accepted.grown(stage.size(1_000, 200));
  const running = await startTrouble(host.pid, path.join(data, LOG_FILE), trouble);
  const { accepted, refused } = load.publishing;
  const most = stage.size(500, 100);
  if (trouble === "slow") await accepted.grown(most);
  else await Promise.race([refused.grown(most), goneByItself(host)]);
  await running.end();
  stage.say(`${name}: the disk is sound again`);
  if (trouble !== "slow") {
    // What is on such a disk is in doubt until it was read again: a host that has seen an error writes no more.
    await host.kill();
    await startHostProcess({ data, listen: host.address });
  }
  return await load.finish(stage.size(2_000, 300));
}

/** Resolves when a process is gone. */
function goneByItself(host: TestProcess): Promise<void> {
  return new Promise((resolve) => host.whenEnded(() => resolve()));
}

/** Workers and a publisher at a host. */
async function startLoad(stage: Stage, name: string, address: string, fillerCharacters = 0) {
  const hosts = Array.from({ length: WORKERS }, () => address);
  const crew = await Crew.start(stage, { hosts, name, agentType: TYPE, listens: LISTENS });
  const caller = await startCaller(address);
  const publishing = new Publishing(stage, caller, { ...PUBLISHING, fillerCharacters });
  return {
    publishing,
    /** Waits for so many more accepted events, ends and compares. */
    async finish(more: number): Promise<Figures> {
      await publishing.accepted.grown(more);
      await publishing.end();
      for (const { code, message } of publishing.refusals) {
        if (code !== "STORE_UNAVAILABLE" && code !== "OVERLOADED")
          stage.problem(`${name}: refused with ${message}`);
      }
      const repeated = await publishing.compare(crew);
      const { accepted, refused } = publishing;
      return { accepted: accepted.value, refused: refused.value, repeated };
    },
  };
}
