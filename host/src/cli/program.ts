import { MeshError } from "@agentmesh/proto";
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { addAgentTypes } from "./commands/agent-type.ts";
import { addAgents } from "./commands/agents.ts";
import { addBackup } from "./commands/backup.ts";
import { addDeadLetters } from "./commands/dead-letters.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDrain } from "./commands/drain.ts";
import { addDurable } from "./commands/durable.ts";
import { addHost } from "./commands/host.ts";
import type { Shell } from "./commands/host-command.ts";
import { addPublish } from "./commands/publish.ts";
import { addSend } from "./commands/send.ts";
import { addStatus } from "./commands/status.ts";
import { addSubscriptions } from "./commands/subscriptions.ts";
import { addTail } from "./commands/tail.ts";
import { addWorkers } from "./commands/workers.ts";
import { EXIT, EXIT_OF, exitCodesHelp } from "./exit-codes.ts";
import { errorLine } from "./failures.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

/** In the order of the help. */
const COMMANDS: readonly ((parent: Command, shell: Shell) => void)[] = [
  addHost,
  addStatus,
  addWorkers,
  addAgents,
  addAgentTypes,
  addSubscriptions,
  addSend,
  addPublish,
  addTail,
  addDeadLetters,
  addDurable,
  addBackup,
  addDrain,
  addDoctor,
];

const HELP = `
agentmesh <command> --help shows options and examples. Each takes --json.

${exitCodesHelp()}

Examples:
  $ agentmesh host
  $ agentmesh send oracle/delphi demo.Ask --json-payload '{"question":"why?"}'
  $ agentmesh doctor --host mesh.example:50051 --tls
`;

/**
 * Runs the command line `args`, without the names of node and of the program. Never rejects: what goes wrong is one
 * line on stderr, as JSON with `--json`.
 *
 * @returns the exit code.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const done = (code: number): void => {
    exitCode = code;
  };
  const program = createProgram({ terminal, done });
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : [...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return fail(error, terminal, args.includes("--json"));
  }
}

function createProgram(shell: Shell): Command {
  const program = new Command("agentmesh")
    .description("An actor mesh for agents: workers connect to a host, agents call each other.")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.terminal.print(text.trimEnd()),
      // The error is thrown as well, and told where all errors are.
      writeErr: () => undefined,
    })
    // Their arguments stand in their own help: here they would leave no room for what the commands do.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", HELP);
  for (const add of COMMANDS) add(program, shell);
  return program;
}

function fail(error: unknown, terminal: Terminal, isJson: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const exitCode = exitCodeOfError(error);
  terminal.complain(errorLine(error, exitCode, isJson));
  return exitCode;
}

function exitCodeOfError(error: unknown): number {
  if (error instanceof CommanderError) return EXIT.usage;
  if (error instanceof CommandFailure) return error.exitCode;
  return error instanceof MeshError ? EXIT[EXIT_OF[error.code]] : EXIT.failed;
}
