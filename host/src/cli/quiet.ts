import process from "node:process";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { Terminal } from "./terminal.ts";

/** grpc-js writes what it throws to stderr as well: an error would take two lines. `GRPC_VERBOSITY` brings that back. */
export function quietGrpc({ env }: Terminal): void {
  if (env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
}

/**
 * For commands that call a host and end: only their own words are of interest. Node's warnings of deprecation are for who
 * wrote the libraries (grpc-js names IP addresses in TLS, for one), not for who runs a command.
 */
export function quietCaller(terminal: Terminal): void {
  quietGrpc(terminal);
  process.noDeprecation = true;
}
