import { parseTopicId } from "@agentmesh/proto";
import type { Command } from "commander";
import { publish } from "../client/message-calls.ts";
import {
  addHostCommand,
  integer,
  numberFlag,
  type Shell,
  textFlag,
  withHost,
} from "./host-command.ts";
import { addPayloadFlags, messageOf, PAYLOAD_HELP } from "./payload.ts";

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 30_000;

/** `agentmesh publish`. */
export function addPublish(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "publish <topic> <message-type>",
    summary: "publish an event and print its id once it is accepted",
    details: `<topic> is type/source; agents of the subscribed types get the event under the key \`source\`.
${PAYLOAD_HELP}`,
    examples: [
      `publish news/sports demo.News --json-payload '{"text":"final"}'`,
      "publish news/sports demo.News --payload-file final.json",
    ],
  })
    .option("--timeout-ms <ms>", `time to be accepted (default: ${TIMEOUT_MS})`, integer(1, DAY_MS))
    .option("--delay-ms <ms>", "wait before it is delivered", integer(0, 365 * DAY_MS))
    .option("--dedup-id <id>", "the host refuses a second event with this id for a while");
  addPayloadFlags(command).action(async (text: string, messageType: string) => {
    const topic = parseTopicId(text);
    const message = await messageOf(command, messageType, shell.terminal);
    await withHost(command, shell, async ({ channel, output }) => {
      const id = await publish(channel, topic, message, {
        timeoutMs: numberFlag(command, "timeoutMs") ?? TIMEOUT_MS,
        delayMs: numberFlag(command, "delayMs") ?? 0,
        dedupId: textFlag(command, "dedupId") ?? "",
      });
      output.result({ id }, () => [String(id)]);
    });
  });
}
