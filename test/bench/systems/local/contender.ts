/** One process each: the local runtime, and the least that could be in its place. */
import { type Contender, createContender } from "../../contender.ts";

/** The local runtime as a contender. */
export function createLocalContender(): Contender {
  return alone("local", "runtime-process");
}

/** A queue of async calls as a contender. */
export function createQueueContender(): Contender {
  return alone("queue", "queue-process");
}

function alone(name: Contender["name"], module: string): Contender {
  return createContender(
    name,
    async (group) => {
      const client = group.fork(name, new URL(`./${module}.js`, import.meta.url), []);
      await client.ready();
      return { kind: "ready", client };
    },
    { isResident: false },
  );
}
