import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { runHost } from "./commands/host.ts";
import { EXIT } from "./exit-codes.ts";
import { textOf } from "./failures.ts";
import { addHostFlags, givenFlags } from "./host-flags.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const HOST_HELP = `
Each option can come from the environment instead, --lease-ms as AGENTMESH_LEASE_MS; a flag wins.
The host prints one line when it is ready. Logs are JSON on stderr.
SIGTERM or Ctrl-C drains it; a second one stops it at once.

Exit codes: 0 drained, 1 failed, 2 wrong options, 3 unusable file, 4 address not available,
130 and 143 stopped at once by a second signal.

Examples:
  $ agentmesh host
  $ agentmesh host --listen 127.0.0.1:0 --log-level info
  $ agentmesh host --listen 0.0.0.0:50051 --tls-cert host.pem --tls-key host-key.pem --token-file token
`;

/**
 * Runs the command line `args`, without the names of node and of the program. Never rejects: what goes wrong is one
 * line on stderr.
 *
 * @returns the exit code.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : [...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return fail(error, terminal);
  }
}

function createProgram(terminal: Terminal, done: (exitCode: number) => void): Command {
  const program = new Command("agentmesh")
    .description("An actor mesh for agents: workers connect to a host, agents call each other.")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      // The error is thrown as well, and told where all errors are.
      writeErr: () => undefined,
    });
  const host = program
    .command("host")
    .description("run a host")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .addHelpText("after", HOST_HELP);
  addHostFlags(host);
  host.action(async () => done(await runHost(givenFlags(host), terminal)));
  return program;
}

function fail(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const text = textOf(error).replace(/^error: /, "");
  terminal.complain(`agentmesh: ${text}`);
  if (error instanceof CommanderError) return EXIT.usage;
  return error instanceof CommandFailure ? error.exitCode : EXIT.failed;
}
