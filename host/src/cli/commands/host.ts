/**
 * `agentmesh host`: runs a host until a signal ends it.
 *
 * 1. One line on stdout, when the host is ready; nothing else, ever.
 * 2. The first signal drains, and the command ends with 0. Another one closes at once; a third does not even wait
 *    for that.
 */
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import { createHost, type Host } from "../../host.ts";
import { arrange } from "../../options/arrange.ts";
import type { OptionName } from "../../options/fields.ts";
import {
  type CompleteOptions,
  environmentOptions,
  flagOptions,
  readOptions,
} from "../../options/source.ts";
import { type EndSignal, EXIT, exitCodeOf } from "../exit-codes.ts";
import { startFailure, usageFailure } from "../failures.ts";
import { Interrupts } from "../interrupts.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Runs a host.
 *
 * @returns the exit code.
 * @throws CommandFailure when the options are wrong or the host cannot start.
 */
export async function runHost(
  flags: ReadonlyMap<OptionName, string | true>,
  terminal: Terminal,
): Promise<number> {
  const options = read(flags, terminal);
  if (terminal.env.GRPC_VERBOSITY === undefined) silenceGrpc();
  const interrupts = new Interrupts(terminal);
  const interrupted = interrupts.next();
  const started = await Promise.race([start(options), interrupted]);
  if (typeof started === "string") return exitCodeOf(started);
  terminal.print(readyLine(started, options));
  await interrupted;
  return stop(started, options, interrupts);
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

function readyLine(host: Host, options: CompleteOptions): string {
  const guards = [
    ...(options.tlsCert === undefined ? [] : ["tls"]),
    ...(options.tlsCa === undefined ? [] : ["client certificates"]),
    ...((options.token ?? options.tokenFile) === undefined ? [] : ["token"]),
  ];
  const note = guards.length === 0 ? "" : ` (${guards.join(", ")})`;
  return `agentmesh host ready on ${host.address}${note}`;
}

/** grpc-js writes what it throws to stderr as well: an error would take two lines. */
function silenceGrpc(): void {
  setLogVerbosity(logVerbosity.NONE);
}
