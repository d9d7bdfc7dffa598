import { AgentId, isAgentType, parseAgentId } from "@agentmesh/proto";
import type { Command } from "commander";
import { type Outgoing, send, sendStream } from "../client/message-calls.ts";
import type { ContentRecord } from "../client/records.ts";
import { harmless } from "../output/paint.ts";
import {
  addHostCommand,
  type HostTask,
  integer,
  numberFlag,
  type Shell,
  withHost,
} from "./host-command.ts";
import { addPayloadFlags, messageOf, PAYLOAD_HELP } from "./payload.ts";

const DAY_MS = 86_400_000;

/** `agentmesh send`. */
export function addSend(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "send <agent> <message-type>",
    summary: "send a message to an agent and print its reply",
    details: `<agent> is type/key, or a type alone for any agent of it. ${PAYLOAD_HELP}
A reply that is JSON is printed as it is; nothing is printed when there is none.`,
    examples: [
      `send oracle/delphi demo.Ask --json-payload '{"question":"why?"}'`,
      `send oracle/delphi demo.Tell --stream --json-payload '{"n":3}'`,
      "send oracle demo.Ask --payload-file - --timeout-ms 2000 < ask.json",
    ],
  })
    .option("--stream", "the agent answers with a stream: print its replies as they come")
    .option(
      "--timeout-ms <ms>",
      "time for the reply; of a stream, for the first and between two (default: the host's)",
      integer(1, DAY_MS),
    );
  addPayloadFlags(command).action(async (agent: string, messageType: string) => {
    const target = agentOf(agent);
    const message = await messageOf(command, messageType, shell.terminal);
    await withHost(command, shell, (task) => run(command, task, target, message));
  });
}

async function run(
  command: Command,
  { channel, output }: HostTask,
  target: AgentId,
  message: Outgoing,
): Promise<void> {
  const timeoutMs = numberFlag(command, "timeoutMs");
  if (command.getOptionValue("stream") === true) {
    for await (const reply of sendStream(channel, target, message, timeoutMs))
      output.entry({ reply }, () => replyText(reply, 0));
    return;
  }
  const reply = await send(channel, target, message, timeoutMs);
  output.result({ reply: reply ?? null }, () => (reply === undefined ? [] : [replyText(reply, 2)]));
  if (reply === undefined) output.note("handled, without a reply");
}

/** The agent that an argument names. @throws MeshError `INVALID_ARGUMENT`. */
function agentOf(text: string): AgentId {
  return isAgentType(text) ? new AgentId(text, "") : parseAgentId(text);
}

function replyText(reply: ContentRecord, indent: number): string {
  return payloadText(reply, indent).split("\n").map(harmless).join("\n");
}

/** JSON and texts as they are, anything else as base64. */
function payloadText(
  { contentType, payload, payloadBase64 }: ContentRecord,
  indent: number,
): string {
  if (payloadBase64 === undefined) return JSON.stringify(payload, undefined, indent);
  if (!contentType.startsWith("text/")) return payloadBase64;
  return Buffer.from(payloadBase64, "base64").toString("utf8");
}
