/** What the host itself says: who may speak, which protocol, who is there. */
import { MeshError, PROTOCOL_VERSION } from "@agentmesh/proto";
import { getStatus, listWorkers } from "../client/admin-calls.ts";
import { Channel } from "../client/channel.ts";
import { greet } from "../client/greeting.ts";
import type { WorkerRecord } from "../client/records.ts";
import { EXIT_OF } from "../exit-codes.ts";
import { type Examination, type Finding, failed, ok, type Step, warning } from "./step.ts";

/** Whether the host is one of AgentMesh and accepts the token. */
export const token: Step = {
  name: "token",
  run: (examination) =>
    onChannel(examination, async (channel) => {
      const { hostVersion } = await getStatus(channel);
      const shown = examination.connection.token === undefined ? "none needed" : "accepted";
      return ok(`${shown} by AgentMesh host ${hostVersion}`);
    }),
};

/** Whether a worker would be welcome. */
export const protocol: Step = {
  name: "protocol",
  run: (examination) =>
    onChannel(examination, async (channel) => {
      const { namespace, connectTimeoutMs } = examination.connection;
      const greeting = await greet(channel, namespace, connectTimeoutMs);
      if (greeting.kind === "refused") throw new MeshError(greeting.failure);
      const { version, leaseMs, maxPayloadBytes } = greeting.welcome;
      return ok(
        `version ${version}, welcome as a worker; lease ${leaseMs} ms, payloads up to ${maxPayloadBytes} bytes`,
      );
    }),
};

/** Whether somebody is in the namespace. */
export const namespace: Step = {
  name: "namespace",
  run: (examination) =>
    onChannel(examination, async (channel) => {
      const { namespace: name } = examination.connection;
      const { entries } = await listWorkers(channel, FIRST_PAGE);
      if (entries.length > 0) return ok(`${count(entries.length, "worker")} in ${name}`);
      const { workersConnected } = await getStatus(channel);
      const elsewhere =
        workersConnected === 0
          ? "no worker is connected at all"
          : `${count(workersConnected, "worker")} in other namespaces`;
      const advice = "workers and callers must name the same: --namespace, AGENTMESH_NAMESPACE";
      return warning(`nobody is in ${name}; ${elsewhere}`, advice);
    }),
};

/** Whether the agent types that are asked for are announced. */
export const types: Step = {
  name: "types",
  run: (examination) =>
    onChannel(examination, async (channel) => {
      const { entries } = await listWorkers(channel, FIRST_PAGE);
      const announced = typesOf(entries);
      const list = announced.length === 0 ? "none" : announced.join(", ");
      const missing = examination.types.filter((type) => !announced.includes(type));
      if (missing.length === 0) return ok(`announced: ${list}`);
      const text = `no worker announces ${missing.join(", ")}; announced: ${list}`;
      const advice = "start a worker that registers it, and check the spelling and the namespace";
      return failed("notFound", text, advice);
    }),
};

const FIRST_PAGE = { cursor: "", limit: 1_000 };

/** What to do about failures that a host tells. */
function adviceFor({ code }: MeshError, { connection }: Examination): string {
  switch (code) {
    case "UNAUTHENTICATED":
      return connection.token === undefined
        ? "show the token of the host: --token-file, --token or AGENTMESH_TOKEN"
        : "show the token that the host was started with: this one is another";
    case "VERSION_UNSUPPORTED":
      return `this program speaks versions ${PROTOCOL_VERSION.min}–${PROTOCOL_VERSION.max}: upgrade the older end`;
    case "UNIMPLEMENTED":
      return "check that the port is that of an AgentMesh host: another gRPC server answers";
    case "HOST_DRAINING":
      return "wait for the host to come back, or connect to another one of the mesh";
    case "OVERLOADED":
      return "raise --max-sessions of the host, or use another one";
    default:
      return "see the log of the host: --log-level info";
  }
}

async function onChannel(
  examination: Examination,
  ask: (channel: Channel) => Promise<Finding>,
): Promise<Finding> {
  const { address, connection } = examination;
  const channel = new Channel(address, connection);
  try {
    if (await channel.reach(Date.now() + connection.connectTimeoutMs)) return await ask(channel);
    const advice =
      "see whether a proxy or the order of addresses stands between: step proxy, step name";
    return failed("unreachable", "gRPC gets no connection", advice);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return failed(EXIT_OF[error.code], error.message, adviceFor(error, examination));
  } finally {
    channel.close();
  }
}

function typesOf(workers: readonly WorkerRecord[]): string[] {
  return [...new Set(workers.flatMap(({ agentTypes }) => agentTypes))].sort();
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
