/** The message that `send` and `publish` are to carry. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { fileProblem } from "../../security/file-problem.ts";
import type { Outgoing } from "../client/message-calls.ts";
import { EXIT } from "../exit-codes.ts";
import { CommandFailure, type Terminal } from "../terminal.ts";
import { textFlag } from "./host-command.ts";

const JSON_TYPE = /^application\/(.*\+)?json\b/i;

/** What the help says about payloads. */
export const PAYLOAD_HELP =
  "Without a payload the message is the empty JSON object. --payload-file - reads standard input.";

/** Adds the flags of a message. */
export function addPayloadFlags(command: Command): Command {
  return command
    .option("--json-payload <json>", "the payload, as JSON")
    .option("--payload-file <file>", "file that holds the payload; - for standard input")
    .option("--content-type <type>", "media type of the payload", "application/json")
    .option("--metadata <name=value>", "pair to send along; may be repeated", collectPair);
}

/**
 * The message of this type that the flags ask for.
 * @throws CommandFailure when the payload cannot be read, or says that it is JSON and is not.
 */
export async function messageOf(
  command: Command,
  messageType: string,
  terminal: Terminal,
): Promise<Outgoing> {
  const contentType = textFlag(command, "contentType") ?? "application/json";
  const data = await payloadOf(command, terminal);
  if (JSON_TYPE.test(contentType)) checkJson(data);
  const metadata = command.getOptionValue("metadata") as Record<string, string> | undefined;
  return {
    messageType,
    contentType: contentType === "application/json" ? "" : contentType,
    data,
    metadata: metadata ?? {},
  };
}

async function payloadOf(command: Command, terminal: Terminal): Promise<Buffer> {
  const [json, file] = [textFlag(command, "jsonPayload"), textFlag(command, "payloadFile")];
  if (json !== undefined && file !== undefined)
    throw new CommandFailure("give --json-payload or --payload-file, not both", EXIT.usage);
  if (json !== undefined) return Buffer.from(json);
  if (file === undefined) return Buffer.from("{}");
  if (file === "-") return terminal.read();
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandFailure(`payload-file: ${fileProblem(file, error)}`, EXIT.config);
  }
}

function checkJson(data: Buffer): void {
  try {
    JSON.parse(data.toString("utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      `the payload is no JSON: ${why}; for anything else name its --content-type`,
      EXIT.usage,
    );
  }
}

function collectPair(text: string, pairs: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("It must be name=value.");
  return { ...pairs, [text.slice(0, equals)]: text.slice(equals + 1) };
}
