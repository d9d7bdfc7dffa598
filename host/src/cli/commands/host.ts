/**
 * `agentmesh host`: runs a host until a signal ends it.
 *
 * 1. One line on stdout, when the host is ready; nothing else, ever.
 * 2. A host that has closed by itself, because its data folder is of no use any more, ends the command with why.
 * 3. The first signal drains, and the command ends with 0. Another one closes at once; a third does not even wait
 *    for that.
 */
import type { Command } from "commander";
import { createHost } from "../../host.ts";
import type { Host } from "../../host-handle.ts";
import { arrange } from "../../options/arrange.ts";
import type { OptionName } from "../../options/fields.ts";
import {
  type CompleteOptions,
  environmentOptions,
  flagOptions,
  readOptions,
} from "../../options/source.ts";
import { type EndSignal, EXIT, exitCodeOf, exitCodesHelp } from "../exit-codes.ts";
import { startFailure, usageFailure } from "../failures.ts";
import { addHostFlags, givenFlags } from "../host-flags.ts";
import { Interrupts } from "../interrupts.ts";
import { Output } from "../output/output.ts";
import { quietGrpc } from "../quiet.ts";
import type { Terminal } from "../terminal.ts";
import type { Shell } from "./host-command.ts";

const HELP = `
Each option can come from the environment instead, --lease-ms as
AGENTMESH_LEASE_MS; a flag wins.
The host prints one line when it is ready. Logs are JSON on stderr.
SIGTERM or Ctrl-C drains it; a second one stops it at once.

${exitCodesHelp()}

Examples:
  $ agentmesh host
  $ agentmesh host --listen 127.0.0.1:0 --log-level info
  $ agentmesh host --listen 0.0.0.0:50051 --token-file token \\
      --tls-cert host.pem --tls-key host-key.pem
`;

/** `agentmesh host`. */
export function addHost(parent: Command, { terminal, done }: Shell): void {
  const command = parent
    .command("host")
    .description("run a host")
    .helpOption("-h, --help", "print this help")
    .allowExcessArguments(false)
    .option("--json", "print the line that it is ready as JSON")
    .addHelpText("after", HELP);
  addHostFlags(command);
  command.action(async () => {
    const isJson = command.getOptionValue("json") === true;
    done(await runHost(givenFlags(command), terminal, isJson));
  });
}

/**
 * Runs a host.
 *
 * @returns the exit code.
 * @throws CommandFailure when the options are wrong or the host cannot start.
 */
export async function runHost(
  flags: ReadonlyMap<OptionName, string | true>,
  terminal: Terminal,
  isJson = false,
): Promise<number> {
  const options = read(flags, terminal);
  quietGrpc(terminal);
  const interrupts = new Interrupts(terminal);
  const interrupted = interrupts.next();
  const started = await Promise.race([start(options), interrupted]);
  if (typeof started === "string") return exitCodeOf(started);
  const { address, hostId } = started;
  const guards = guardsOf(options);
  const output = new Output(terminal, isJson);
  output.entry({ ready: true, address, hostId, guards }, () => readyLine(address, guards));
  const ending = await Promise.race([interrupted, started.ended]);
  if (typeof ending === "string") return stop(started, options, interrupts);
  if (ending === undefined) return EXIT.ok;
  throw startFailure(ending, options.listen);
}

function read(flags: ReadonlyMap<OptionName, string | true>, terminal: Terminal): CompleteOptions {
  try {
    const options = readOptions([flagOptions(flags), environmentOptions(terminal.env)]);
    arrange(options);
    return options;
  } catch (error) {
    throw usageFailure(error);
  }
}

async function start(options: CompleteOptions): Promise<Host> {
  try {
    return await createHost(options);
  } catch (error) {
    throw startFailure(error, options.listen);
  }
}

/** Drains the host, unless another signal asks for a quick end. */
async function stop(host: Host, options: CompleteOptions, interrupts: Interrupts): Promise<number> {
  const drained = host.drain({ graceMs: options.drainGraceMs }).then(() => undefined);
  const impatient: EndSignal | undefined = await Promise.race([drained, interrupts.next()]);
  if (impatient === undefined) return EXIT.ok;
  // What the drain says from now on is of no interest: nobody waits for it any more.
  drained.catch(() => undefined);
  await Promise.race([host.close(), interrupts.next()]);
  return exitCodeOf(impatient);
}

function guardsOf(options: CompleteOptions): string[] {
  return [
    ...(options.tlsCert === undefined ? [] : ["tls"]),
    ...(options.tlsCa === undefined ? [] : ["client certificates"]),
    ...((options.token ?? options.tokenFile) === undefined ? [] : ["token"]),
  ];
}

function readyLine(address: string, guards: readonly string[]): string {
  const note = guards.length === 0 ? "" : ` (${guards.join(", ")})`;
  return `agentmesh host ready on ${address}${note}`;
}
