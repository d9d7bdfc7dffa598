import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectWorker, type Worker } from "@agentmesh/worker-sdk";
import { type Child, startChild } from "./child.ts";
import { Complaint } from "./complaint.ts";
import { CREW, type Role } from "./crew.ts";
import { readDeadLetters } from "./dead-letters.ts";
import type { ReviewMesh } from "./review.ts";
import { viewer, type Watcher } from "./viewer.ts";

/** A mesh of processes: a host, the crew, and a worker in this process for the viewer. */
export interface ProcessMesh extends ReviewMesh {
  /** Where the host listens, as `address:port`. */
  readonly address: string;
}

/** A process of the crew. */
interface CrewMember extends Child {
  readonly role: Role;
}

/**
 * Starts host and crew. `say` is told, in one line, when a worker ends early and others can do its work.
 * @throws Complaint when one of them does not get ready; then none is left.
 */
export async function startMesh(
  watcher: Watcher,
  breaksOn: string | undefined,
  say: (text: string) => void,
): Promise<ProcessMesh> {
  const host = await startChild("the host", [hostProgram(), "host", "--listen", "127.0.0.1:0"]);
  const address = /^on (\S+)/.exec(host.readyText)?.[1] ?? "";
  const crew: CrewMember[] = [];
  try {
    await startCrew(address, breaksOn, crew);
    const own = await connectWorker({ host: address, name: "viewer" });
    await own.register(viewer(watcher));
    return meshOf({ host, address, crew, own }, say);
  } catch (error) {
    await stopAll([...crew, host]);
    throw error;
  }
}

/** What a mesh is made of. */
interface Parts {
  readonly host: Child;
  readonly address: string;
  readonly crew: readonly CrewMember[];
  readonly own: Worker;
}

function meshOf({ host, address, crew, own }: Parts, say: (text: string) => void): ProcessMesh {
  const stopping = new AbortController();
  const broken = watch(host, crew, say, stopping.signal);
  // Who does not look at it at the moment must not be ended by it.
  broken.catch(() => undefined);
  return {
    address,
    messenger: own,
    broken,
    deadLetters: () => readDeadLetters(address),
    async stop() {
      stopping.abort();
      await stopAll(crew);
      await own.close();
      await host.stop();
    },
  };
}

/** Adds everyone who got ready to `crew`, also when somebody else does not. */
async function startCrew(
  address: string,
  breaksOn: string | undefined,
  crew: CrewMember[],
): Promise<void> {
  const program = fileURLToPath(new URL("worker.js", import.meta.url));
  const starts = CREW.map(async ({ worker, role }) => {
    const child = await startChild(worker, [program, address, worker, role, breaksOn ?? ""]);
    crew.push({ ...child, role });
  });
  for (const start of await Promise.allSettled(starts)) {
    if (start.status === "rejected") throw start.reason;
  }
}

/** Rejects when host or the last worker of a role ends; the mesh itself copes with the loss of others. */
function watch(
  host: Child,
  crew: readonly CrewMember[],
  say: (text: string) => void,
  stopping: AbortSignal,
): Promise<never> {
  const alive = new Set(crew);
  return new Promise((_, reject) => {
    host.ended.then((how) => reject(new Complaint(`the host ended (${how})`)), reject);
    for (const member of crew) {
      const onEnd = (how: string): void => {
        alive.delete(member);
        if (stopping.aborted) return;
        const others = [...alive].filter(({ role }) => role === member.role);
        const told = `${member.name} ended (${how})`;
        if (others.length > 0) say(`${told}; ${others.map(({ name }) => name).join(", ")} goes on`);
        else reject(new Complaint(`${told}; nobody else can do its work`));
      };
      member.ended.then(onEnd, reject);
    }
  });
}

async function stopAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.stop()));
}

function hostProgram(): string {
  const manifest = fileURLToPath(import.meta.resolve("@agentmesh/host/package.json"));
  return join(dirname(manifest), "dist/cli/main.js");
}
