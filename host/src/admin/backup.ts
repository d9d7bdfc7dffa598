import path from "node:path";
import { invalid, quote } from "@agentmesh/proto";
import type { BackUpRequest, BackUpResponse } from "@agentmesh/proto/agentmesh/v1";
import type { Store } from "../store/ports.ts";

/**
 * Copies what the host keeps into a folder of its own machine. @throws MeshError `INVALID_ARGUMENT`, `UNIMPLEMENTED`,
 * `STORE_UNAVAILABLE`: see `Store.backup`.
 */
export async function backUp(store: Store, { folder }: BackUpRequest): Promise<BackUpResponse> {
  // Who asks may be on another machine, and does not know where the host was started.
  if (!path.isAbsolute(folder)) throw invalid(`folder ${quote(folder)} is no absolute path`);
  await store.backup(folder);
  return {};
}
