import { ERROR_TABLE, type ErrorCode, parseAgentId } from "@agentmesh/proto";
import { type Command, InvalidArgumentError } from "commander";
import {
  getDeadLetter,
  type LetterFilter,
  listDeadLetters,
  purgeDeadLetters,
} from "../client/admin-calls.ts";
import type { DeadLetterRecord, RefusalRecord } from "../client/records.ts";
import { replayDeadLetters } from "../client/store-calls.ts";
import { EXIT, EXIT_OF } from "../exit-codes.ts";
import { type Column, pairLines } from "../output/table.ts";
import { instantText } from "../output/time.ts";
import { CommandFailure } from "../terminal.ts";
import { agentFilter } from "./agent-filter.ts";
import {
  addHostCommand,
  integer,
  numberFlag,
  type Shell,
  textFlag,
  withHost,
} from "./host-command.ts";
import { addListFlags, fetchList, printList } from "./listing.ts";

const COLUMNS: readonly Column<DeadLetterRecord>[] = [
  { title: "ID", cell: ({ id }) => String(id) },
  { title: "PARKED (UTC)", cell: ({ parkedAt }) => instantText(parkedAt) },
  {
    title: "TARGET",
    cell: ({ target, replayTarget }) =>
      replayTarget === undefined ? target : `${target} (on its way to ${replayTarget})`,
  },
  { title: "ERROR", cell: ({ error }) => `${error.code}: ${error.text}` },
];

/** `agentmesh dead-letters`. */
export function addDeadLetters(parent: Command, shell: Shell): void {
  const letters = parent
    .command("dead-letters")
    .description("list, show, replay and purge messages that could not be handled")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);
  addList(letters, shell);
  addShow(letters, shell);
  addReplay(letters, shell);
  addPurge(letters, shell);
}

function addList(letters: Command, shell: Shell): void {
  const command = addHostCommand(letters, {
    usage: "list",
    isDefault: true,
    summary: "list dead letters, oldest first",
    examples: ["dead-letters list", "dead-letters list --agent judge --since 2026-11-20T08:00Z"],
  });
  addFilterFlags(addListFlags(command)).action(async () => {
    const filter = filterOf(command);
    await withHost(command, shell, async ({ channel, output }) => {
      const page = await fetchList(command, (query) => listDeadLetters(channel, query, filter));
      printList(output, "deadLetters", page, COLUMNS, "no dead letters");
    });
  });
}

function addShow(letters: Command, shell: Shell): void {
  const command = addHostCommand(letters, {
    usage: "show <id>",
    summary: "show one dead letter with its payload and stack",
    examples: [
      "dead-letters show 1820000000001",
      "dead-letters show 1820000000001 --agent judge/7",
    ],
  }).option("--agent <type/key>", "the agent, when several failed on one event");
  command.action(async (text: string) => {
    const agent = textFlag(command, "agent");
    const target = agent === undefined ? undefined : parseAgentId(agent);
    const id = idOf(text);
    await withHost(command, shell, async ({ channel, output }) => {
      const letter = await getDeadLetter(channel, id, target);
      if (letter === undefined) throw new CommandFailure("the host told nothing", EXIT.failed);
      output.result(letter, () => letterLines(letter, (pairs) => pairLines(pairs, output.paint)));
    });
  });
}

function addReplay(letters: Command, shell: Shell): void {
  const command = addHostCommand(letters, {
    usage: "replay",
    summary: "deliver dead letters once more",
    details: `Name which by filters, or --all. Each is delivered as an event with its old id, per agent in the
order in which they were parked; a send that failed, too, since nobody waits for its reply any more.
The command ends when all are on their way. A letter is gone when its message was handled, and
parked again when that has failed. One that is on its way already is left alone. Of what is not
replayed, the first reason gives the exit code.`,
    examples: [
      "dead-letters replay --id 1820000000001",
      "dead-letters replay --agent judge --code WORKER_LOST",
      "dead-letters replay --subscription archive --to archivist",
      "dead-letters replay --all --to quarantine/one --json",
    ],
  })
    .option("--all", "every dead letter of the namespace")
    .option("--to <type[/key]>", "deliver there; without key, to the agents with the old keys");
  addFilterFlags(command).action(async () => {
    const filter = narrowFilterOf(command);
    const { agentType, agentKey = "" } = agentFilter(textFlag(command, "to"));
    const to = agentType === undefined ? undefined : { type: agentType, key: agentKey };
    await withHost(command, shell, async ({ channel, output }) => {
      const { replayed, refused } = await replayDeadLetters(channel, filter, to);
      output.result({ replayed, refused }, () => [`${replayed} dead letters are on their way`]);
      const [first] = refused;
      if (first !== undefined) throw replayFailure(first, refused.length);
    });
  });
}

function replayFailure({ id, error }: RefusalRecord, count: number): CommandFailure {
  const others = count === 1 ? "" : ` and ${count - 1} others`;
  const text = `dead letter ${id}${others} stayed: ${error.code}: ${error.text}`;
  return new CommandFailure(text, EXIT[EXIT_OF[error.code]]);
}

function addPurge(letters: Command, shell: Shell): void {
  const command = addHostCommand(letters, {
    usage: "purge",
    summary: "remove dead letters for good",
    details: "Name which by filters, or --all.",
    examples: [
      "dead-letters purge --agent judge --until 2026-11-01T00:00Z",
      "dead-letters purge --all",
    ],
  }).option("--all", "every dead letter of the namespace");
  addFilterFlags(command).action(async () => {
    const filter = narrowFilterOf(command);
    await withHost(command, shell, async ({ channel, output }) => {
      const purged = await purgeDeadLetters(channel, filter);
      output.result({ purged }, () => [`${purged} dead letters removed`]);
    });
  });
}

/** A filter for what must not hit everything by mistake. */
function narrowFilterOf(command: Command): LetterFilter {
  const filter = filterOf(command);
  if (isNarrow(filter) !== (command.getOptionValue("all") === true)) return filter;
  throw new CommandFailure("give filters, or --all and no filter", EXIT.usage);
}

function isNarrow({ ids, ...others }: LetterFilter): boolean {
  return ids.length > 0 || Object.values(others).some((value) => value !== undefined);
}

function addFilterFlags(command: Command): Command {
  return command
    .option("--agent <type[/key]>", "only those for these agents")
    .option("--topic <type>", "only those of this topic type")
    .option("--code <code>", "only those with this error code", errorCode)
    .option("--since <time>", "only those parked from this time on, ISO 8601", instant)
    .option("--until <time>", "only those parked before this time, ISO 8601", instant)
    .option("--subscription <name>", "only those of this durable subscription")
    .option("--id <id>", "only this id; may be repeated", collectId);
}

function filterOf(command: Command): LetterFilter {
  return {
    ...agentFilter(textFlag(command, "agent")),
    topicType: textFlag(command, "topic"),
    code: textFlag(command, "code") as ErrorCode | undefined,
    sinceUnixMs: numberFlag(command, "since"),
    untilUnixMs: numberFlag(command, "until"),
    subscription: textFlag(command, "subscription"),
    ids: (command.getOptionValue("id") as number[] | undefined) ?? [],
  };
}

function letterLines(
  letter: DeadLetterRecord,
  lines: (pairs: readonly (readonly [string, string])[]) => string[],
): string[] {
  const { error, content } = letter;
  const payload =
    content === undefined ? "" : (content.payloadBase64 ?? JSON.stringify(content.payload));
  return [
    ...lines([
      ["id", String(letter.id)],
      ["target", letter.target],
      ["sender", letter.sender ?? "none"],
      ["topic", letter.topic ?? "none"],
      ["subscription", letter.subscription ?? "none"],
      ["message", `${letter.messageType}, ${letter.payloadBytes} bytes`],
      ["accepted", letter.acceptedAt],
      ["tried", letter.firstDeliveredAt ?? "not known"],
      ["last try", letter.lastDeliveredAt ?? "not known"],
      ["parked", letter.parkedAt],
      ["attempts", `${letter.attempts}, ${letter.crashes} workers lost`],
      ["replays", String(letter.replays)],
      ...(letter.replayTarget === undefined
        ? []
        : [["on its way to", letter.replayTarget] as const]),
      ["trace", letter.traceId ?? "none"],
      ["error", `${error.code}: ${error.text}`],
      ["payload", payload],
    ]),
    ...(error.stack === undefined ? [] : lines(stackPairs(error.stack))),
  ];
}

function stackPairs(stack: string): (readonly [string, string])[] {
  return stack.split("\n").map((line, index) => [index === 0 ? "stack" : "", line] as const);
}

function idOf(text: string): number {
  return integer(1, Number.MAX_SAFE_INTEGER)(text);
}

function collectId(text: string, ids: readonly number[] = []): number[] {
  return [...ids, idOf(text)];
}

function errorCode(text: string): string {
  const code = text.toUpperCase().replaceAll("-", "_");
  if (Object.hasOwn(ERROR_TABLE, code)) return code;
  throw new InvalidArgumentError(`It is none of ${Object.keys(ERROR_TABLE).join(", ")}.`);
}

function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isFinite(at) && at > 0) return at;
  throw new InvalidArgumentError("It must be an instant such as 2026-11-20T08:00Z.");
}
