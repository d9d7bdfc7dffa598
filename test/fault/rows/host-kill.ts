/** The host and workers die under durable publishing: what was accepted is handled, in order, and repeats say so. */
import { startHostProcess } from "../../support/processes.ts";
import { startCaller } from "../caller.ts";
import { Crew } from "../crew.ts";
import { countDeadLetters } from "../dead-letters.ts";
import { Publishing } from "../publishing.ts";
import type { Row } from "../row.ts";

const TYPE = "scribe";
const TOPIC = "fault.kept";
const WORKERS = 4;
const PUBLISHING = { topicType: TOPIC, agentType: TYPE, lanes: 32, width: 4 };

export const hostKill: Row = {
  id: "host-kill",
  title:
    "the host is killed under durable publishing, workers too: nothing accepted is lost, repeats say so",
  async run(stage) {
    const kills = stage.size(50, 6);
    const data = stage.subfolder("data");
    let host = await startHostProcess({ data });
    const { address } = host;
    const hosts = Array.from({ length: WORKERS }, () => address);
    const listens = [{ topicType: TOPIC, durable: { name: "archive", backoffMs: 1 } }];
    const crew = await Crew.start(stage, { hosts, agentType: TYPE, listens });
    const publishing = new Publishing(stage, await startCaller(address), PUBLISHING);
    for (let kill = 1; kill <= kills; kill++) {
      await publishing.accepted.grown(stage.between(50, 500));
      if (stage.random() < 0.4) await crew.killOne();
      await host.kill();
      host = await startHostProcess({ data, listen: address });
      if (kill % 5 === 0)
        stage.say(
          `${kill} of ${kills} kills, ${publishing.accepted.value} accepted, ${crew.losses} workers lost`,
        );
    }
    await publishing.accepted.grown(500);
    await publishing.end();
    const accepted = publishing.accepted.value;
    stage.say(`${accepted} accepted; waiting for the last of them to be handled`);
    const repeated = await publishing.compare(crew);
    for (const refusal of publishing.refusals) stage.problem(`an event was refused: ${refusal}`);
    const parked = await countDeadLetters(address);
    if (parked > 0) stage.problem(`${parked} events were parked, and none of them was bad`);
    return { hostKills: kills, workersKilled: crew.losses, accepted, repeated };
  },
};
