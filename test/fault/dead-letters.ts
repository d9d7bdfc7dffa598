import { connectAdmin } from "@agentmesh/worker-sdk";

/** How many dead letters a host has. */
export async function countDeadLetters(host: string): Promise<number> {
  await using admin = await connectAdmin({ host });
  let count = 0;
  for await (const _letter of admin.deadLetters()) count++;
  return count;
}
