import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/** grpc-js writes what it throws to stderr as well: an error would take two lines. */
export function quietGrpc(): void {
  setLogVerbosity(logVerbosity.NONE);
}
