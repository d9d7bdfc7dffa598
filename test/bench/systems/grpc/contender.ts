/** grpc-js as it comes, over the same slow link: unary calls between a client and a server. */
import { type Contender, createContender, type Lineup } from "../../contender.ts";
import type { ProcessGroup } from "../../process/process-group.ts";
import { delay } from "../mesh/layouts.ts";

/** The plain service as a contender. */
export function createGrpcLinkContender(): Contender {
  const firstLoad = { kind: "calls", call: "download", window: 8 } as const;
  return createContender("grpc-link", assemble, { firstLoad, isResident: false });
}

async function assemble(group: ProcessGroup): Promise<Lineup> {
  const server = group.fork("grpc server", new URL("./server-process.js", import.meta.url), []);
  const link = delay(group, `127.0.0.1:${await server.ready()}`);
  const address = `127.0.0.1:${await link.ready()}`;
  const client = group.fork("grpc client", new URL("./client-process.js", import.meta.url), [
    address,
  ]);
  await client.ready();
  return { kind: "ready", client };
}
