import { meshError } from "@agentmesh/proto";
import type { Command } from "commander";
import { getAgentType, listAgentTypes } from "../client/admin-calls.ts";
import type { AgentTypeRecord, HandledRecord } from "../client/records.ts";
import type { Column } from "../output/table.ts";
import { addHostCommand, type Shell, withHost } from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";

const COLUMNS: readonly Column<AgentTypeRecord>[] = [
  { title: "WORKERS", cell: ({ workers }) => String(workers), align: "right" },
  { title: "AGENTS", cell: ({ agents }) => String(agents), align: "right" },
  { title: "TYPE", cell: ({ type }) => type },
  {
    title: "HANDLES",
    cell: ({ handles }) => handles.map(({ messageType }) => messageType).join(", "),
  },
];

/** `agentmesh types`. */
export function addAgentTypes(parent: Command, shell: Shell): void {
  const command = addHostCommand(parent, {
    usage: "types [type]",
    summary: "list agent types and what they handle, or show one with its schemas",
    details:
      "What a worker has told of the messages of its agents: JSON Schemas of JSON messages, file descriptor sets (printed with --json, in base64) of protobuf ones.",
    examples: ["types", "types oracle", "types oracle --json"],
  });
  addListFlags(command).action((type: string | undefined) =>
    withHost(command, shell, async ({ channel, output }) => {
      if (type === undefined) {
        const page = await fetchList(command, (query) => listAgentTypes(channel, query));
        printList(output, "types", page, COLUMNS, "no agent types");
        return;
      }
      const found = await getAgentType(channel, type);
      if (found === undefined) {
        throw meshError("AGENT_TYPE_UNKNOWN", `no worker has announced agent type ${type}`);
      }
      output.result(found, () => lines(found));
    }),
  );
}

/** One type for people. */
function lines({ type, description, workers, agents, handles }: AgentTypeRecord): string[] {
  const about = [`${type}${description && `: ${description}`}`];
  about.push(`workers ${workers}, agents ${agents}`);
  return [
    ...about,
    ...handles.flatMap((handled) => ["", signature(handled), ...schemaOf(handled)]),
  ];
}

function signature({ messageType, replyType, replyStream }: HandledRecord): string {
  if (replyType === undefined) return messageType;
  return `${messageType} → ${replyStream ? "stream of " : ""}${replyType}`;
}

function schemaOf({ schema, schemaBase64, schemaType }: HandledRecord): string[] {
  if (schema !== undefined) return JSON.stringify(schema, undefined, 2).split("\n");
  return schemaBase64 === undefined ? ["(no schema was told)"] : [`(${schemaType})`];
}
