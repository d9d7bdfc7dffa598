import {
  DEFAULT_NAMESPACE,
  type Failure,
  failure,
  isAgentType,
  LIMITS,
  MeshError,
  PROTOCOL_VERSION,
  quote,
} from "@agentmesh/proto";
import type { Hello } from "@agentmesh/proto/agentmesh/v1";
import { readWorkerBatch } from "@agentmesh/proto/wire";

/** Hello as it was checked: every field is within its grammar. */
export interface Greeting {
  readonly kind: "greeting";
  readonly hello: Hello;
  readonly namespace: string;
  readonly receivedThrough: number;
}

/** The first batch of a stream, checked. */
export type GreetingOutcome = Greeting | { readonly kind: "refused"; readonly failure: Failure };

/** Reads the first batch of a stream: it holds one Hello and nothing else. */
export function readGreeting(bytes: Buffer): GreetingOutcome {
  const hello = firstFrame(bytes);
  if ("code" in hello) return { kind: "refused", failure: hello };
  const refusal = refusalOf(hello.hello);
  if (refusal !== undefined) return { kind: "refused", failure: refusal };
  const namespace = hello.hello.namespace === "" ? DEFAULT_NAMESPACE : hello.hello.namespace;
  return {
    kind: "greeting",
    hello: hello.hello,
    namespace,
    receivedThrough: hello.receivedThrough,
  };
}

function firstFrame(bytes: Buffer): { hello: Hello; receivedThrough: number } | Failure {
  try {
    const { frames, receivedThrough, firstNumber } = readWorkerBatch(bytes);
    const first = frames[0];
    const isHello = first?.kind === "control" && first.control.$case === "hello";
    if (frames.length !== 1 || !isHello || firstNumber !== 0) {
      return failure(
        "PROTOCOL_VIOLATION",
        "the first batch must hold one Hello, not numbered, and nothing else",
      );
    }
    return { hello: first.control.value as Hello, receivedThrough };
  } catch (error) {
    return failure(
      "PROTOCOL_VIOLATION",
      error instanceof MeshError ? error.message : String(error),
    );
  }
}

function refusalOf(hello: Hello): Failure | undefined {
  if (hello.versionMin > PROTOCOL_VERSION.max || hello.versionMax < PROTOCOL_VERSION.min) {
    const theirs = `${hello.versionMin}–${hello.versionMax}`;
    const ours = `${PROTOCOL_VERSION.min}–${PROTOCOL_VERSION.max}`;
    return failure("VERSION_UNSUPPORTED", `the worker speaks versions ${theirs}, the host ${ours}`);
  }
  if (hello.namespace !== "" && !isAgentType(hello.namespace)) {
    return failure("INVALID_ARGUMENT", `namespace ${quote(hello.namespace)} breaks the grammar`);
  }
  const instanceBytes = Buffer.byteLength(hello.instanceId);
  if (instanceBytes < 8 || instanceBytes > 64)
    return failure("INVALID_ARGUMENT", "instance_id has 8–64 bytes");
  if (Buffer.byteLength(hello.name) > 128)
    return failure("INVALID_ARGUMENT", "name has at most 128 bytes");
  if (Buffer.byteLength(hello.sdkName) + Buffer.byteLength(hello.sdkVersion) > 256) {
    return failure("INVALID_ARGUMENT", "sdk_name and sdk_version have at most 256 bytes together");
  }
  return labelRefusal(hello.labels);
}

function labelRefusal(labels: Readonly<Record<string, string>>): Failure | undefined {
  const pairs = Object.entries(labels);
  const fits = pairs.every(
    ([name, value]) => Buffer.byteLength(name) <= 256 && Buffer.byteLength(value) <= 256,
  );
  if (pairs.length <= LIMITS.labels && fits) return undefined;
  return failure(
    "INVALID_ARGUMENT",
    `a worker has at most ${LIMITS.labels} labels of at most 256 bytes each`,
  );
}
