import { randomUUID } from "node:crypto";
import { type Failure, failure, PROTOCOL_VERSION } from "@agentmesh/proto";
import type { Hello, Welcome } from "@agentmesh/proto/agentmesh/v1";
import { encodeUnnumbered } from "@agentmesh/proto/link";
import { appendWorkerFrame, readHostBatch } from "@agentmesh/proto/wire";
import { VERSION } from "../../version.ts";
import type { Channel } from "./channel.ts";

/** How a host answers to a worker: with what it grants, or why it refuses. */
export type Greeting =
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "refused"; readonly failure: Failure };

/** Says Hello as a worker without agents, and leaves as soon as the host has answered. */
export async function greet(
  channel: Channel,
  namespace: string,
  timeoutMs: number,
): Promise<Greeting> {
  const frame = { $case: "hello", value: hello(namespace) } as const;
  const batch = encodeUnnumbered(appendWorkerFrame, { kind: "control", control: frame }, 0);
  const answer = await channel.firstAnswer(
    "/agentmesh.v1.GatewayService/Connect",
    batch,
    timeoutMs,
  );
  if ("code" in answer) return { kind: "refused", failure: answer };
  const [first] = readHostBatch(answer).frames;
  if (first?.kind === "control" && first.control.$case === "welcome")
    return { kind: "welcome", welcome: first.control.value };
  const text = "the host answered Hello with something else than Welcome";
  return { kind: "refused", failure: failure("PROTOCOL_VIOLATION", text) };
}

function hello(namespace: string): Hello {
  return {
    versionMin: PROTOCOL_VERSION.min,
    versionMax: PROTOCOL_VERSION.max,
    features: [],
    namespace,
    name: "agentmesh doctor",
    instanceId: randomUUID(),
    labels: {},
    sdkName: "agentmesh-cli",
    sdkVersion: VERSION,
    // Nothing of the session is left behind.
    resume: false,
    resumeToken: "",
    maxInFlight: 0,
    agentTypes: [],
    subscriptions: [],
    activations: [],
  };
}
