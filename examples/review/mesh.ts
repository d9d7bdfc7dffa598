import { fileURLToPath } from "node:url";
import { connectWorker, type Worker } from "@agentmesh/worker-sdk";
import { type Child, startChild } from "./child.ts";
import { Complaint } from "./complaint.ts";
import { crewOf, type Member, type Role } from "./crew.ts";
import { readDeadLetters } from "./dead-letters.ts";
import type { ReviewMesh } from "./review.ts";
import { viewer, type Watcher } from "./viewer.ts";

/** A process of the crew. */
interface CrewMember extends Child {
  readonly role: Role;
}

/** How to start a mesh. */
export interface MeshOptions {
  /** Number of processes that run reviewers. */
  readonly reviewers: number;
  /** Path of the file that a reviewer breaks on. */
  readonly breaksOn: string | undefined;
  /** Is told, in one line, when a worker ends early and others can do its work. */
  readonly say: (text: string) => void;
}

/**
 * Starts a mesh of processes: a host, the crew, and a worker in this process for the viewer.
 * @throws Complaint when one of them does not get ready; then none is left.
 */
export async function startMesh(
  watcher: Watcher,
  { reviewers, breaksOn, say }: MeshOptions,
): Promise<ReviewMesh> {
  const host = await startChild("the host", [programOf("host.js")]);
  const address = /^on (\S+)/.exec(host.readyText)?.[1] ?? "";
  const crew: CrewMember[] = [];
  try {
    await startCrew(address, crewOf(reviewers), breaksOn, crew);
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

function meshOf({ host, address, crew, own }: Parts, say: (text: string) => void): ReviewMesh {
  const stopping = new AbortController();
  const alive = new Set(crew);
  const broken = watch(host, alive, say, stopping.signal);
  // Who does not look at it at the moment must not be ended by it.
  broken.catch(() => undefined);
  return {
    messenger: own,
    setting: [
      `host on ${address} (pid ${host.pid})`,
      `workers ${crew.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ")}`,
    ],
    workers: () => [...alive].map(({ name }) => name),
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

/** Adds everyone who got ready to `crew`, in the order of `members`, also when somebody else does not. */
async function startCrew(
  address: string,
  members: readonly Member[],
  breaksOn: string | undefined,
  crew: CrewMember[],
): Promise<void> {
  const starts = members.map(async ({ worker, role }) => {
    const args = [programOf("worker.js"), address, worker, role, breaksOn ?? ""];
    return { ...(await startChild(worker, args)), role };
  });
  let failure: PromiseRejectedResult | undefined;
  for (const start of await Promise.allSettled(starts)) {
    if (start.status === "fulfilled") crew.push(start.value);
    else failure ??= start;
  }
  if (failure !== undefined) throw failure.reason;
}

/** Rejects when host or the last worker of a role ends; the mesh itself copes with the loss of others in `alive`. */
function watch(
  host: Child,
  alive: Set<CrewMember>,
  say: (text: string) => void,
  stopping: AbortSignal,
): Promise<never> {
  return new Promise((_, reject) => {
    host.ended.then((how) => reject(new Complaint(`the host ended (${how})`)), reject);
    for (const member of [...alive]) {
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

function programOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}
