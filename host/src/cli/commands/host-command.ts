/** What all commands that speak to a host have in common. */
import { type Command, InvalidArgumentError } from "commander";
import { type Channel, openChannel } from "../client/channel.ts";
import { addConnectionFlags, connectionOf } from "../client/connection-flags.ts";
import { EXIT, exitCodeOf, exitCodesHelp } from "../exit-codes.ts";
import { Interrupts } from "../interrupts.ts";
import { Output } from "../output/output.ts";
import { wrapLines } from "../output/table.ts";
import { quietCaller } from "../quiet.ts";
import type { Terminal } from "../terminal.ts";

/** Where commands are added, and how they end. */
export interface Shell {
  readonly terminal: Terminal;
  /** Called once, with the exit code of the command that ran. */
  readonly done: (exitCode: number) => void;
}

/** What a command works with once its host is reached. */
export interface HostTask {
  readonly channel: Channel;
  readonly output: Output;
}

/** What a command is for. */
export interface CommandAbout {
  /** Its name, followed by its arguments. */
  readonly usage: string;
  /** One line, in small letters. */
  readonly summary: string;
  /** More, for its own help. */
  readonly details?: string;
  /** Command lines that show it. */
  readonly examples: readonly string[];
  /** Whether it runs when its parent is called without a command. Default: no. */
  readonly isDefault?: boolean;
}

const HELP_WIDTH = 80;

const CONNECTION_HELP = `Each of the connection options can come from the environment instead: --host as
AGENTMESH_ADDRESS, --tls-ca as AGENTMESH_TLS_CA; a flag wins.`;

/** Adds a command that speaks to a host. */
export function addHostCommand(parent: Command, about: CommandAbout): Command {
  const help = [
    ...(about.details === undefined ? [] : [...wrapLines(about.details, "", HELP_WIDTH), ""]),
    CONNECTION_HELP,
    "",
    exitCodesHelp(),
    "",
    "Examples:",
    ...about.examples.map((example) => `  $ agentmesh ${example}`),
  ];
  const command = parent
    .command(about.usage, { isDefault: about.isDefault ?? false })
    .description(about.summary)
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .option("--json", "print JSON")
    .addHelpText("after", `\n${help.join("\n")}\n`);
  return addConnectionFlags(command);
}

/** Connects to the host that the flags name, does the work and ends; a signal ends it earlier. */
export async function withHost(
  command: Command,
  { terminal, done }: Shell,
  work: (task: HostTask) => Promise<void>,
): Promise<void> {
  const connection = connectionOf(command, terminal.env);
  const output = new Output(terminal, command.getOptionValue("json") === true);
  quietCaller(terminal);
  const run = async (): Promise<undefined> => {
    const channel = await openChannel(connection);
    try {
      await work({ channel, output });
    } finally {
      channel.close();
    }
  };
  const signal = await Promise.race([run(), new Interrupts(terminal).next()]);
  done(signal === undefined ? EXIT.ok : exitCodeOf(signal));
}

/** Reads the number of a flag. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
  };
}

/** The value of a flag that is a text; undefined when it was not given. */
export function textFlag(command: Command, name: string): string | undefined {
  const value: unknown = command.getOptionValue(name);
  return typeof value === "string" ? value : undefined;
}

/** The value of a flag that is a number; undefined when it was not given. */
export function numberFlag(command: Command, name: string): number | undefined {
  const value: unknown = command.getOptionValue(name);
  return typeof value === "number" ? value : undefined;
}
