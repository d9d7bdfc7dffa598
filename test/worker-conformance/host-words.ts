/** What the host's side of a session says, and how it reads what ends deliveries. */
import type { Welcome } from "@agentmesh/proto/agentmesh/v1";
import {
  appendHostFrame,
  encodeContent,
  type HostFrame,
  openBatch,
  type PublishFrame,
  setFirstNumber,
  setReceivedThrough,
  WireWriter,
  type WorkerFrame,
} from "@agentmesh/proto/wire";

const MIB = 1024 * 1024;
/** A Welcome with limits that disturb nothing. */
export const WELCOME: Welcome = {
  version: 1,
  features: [],
  hostId: "conformance",
  hostVersion: "0",
  sessionId: "conformance",
  resumeToken: "",
  resumed: false,
  lapsedThrough: 0,
  replayThrough: 0,
  leaseMs: 60_000,
  sessionGraceMs: 60_000,
  heartbeatMs: 2_500,
  livenessMs: 8_000,
  maxPayloadBytes: 4 * MIB,
  requestWindow: 100,
  requestWindowBytes: MIB,
  replayBytes: MIB,
  alternateAddresses: [],
  adopted: [],
  defaultTimeoutMs: 30_000,
};

/** A message for an agent. */
export interface Errand {
  /** Key of the agent. Default: one that was not used before. */
  readonly key?: string;
  readonly messageType: string;
  readonly data: Uint8Array;
  /** Credit of a stream of replies. Default: none, so one reply is asked for. */
  readonly chunks?: number;
  readonly bytes?: number;
}

/** A batch, its numbers still 0. */
export function encodeBatch(frames: readonly HostFrame[]): Buffer {
  const writer = new WireWriter();
  openBatch(writer);
  for (const frame of frames) appendHostFrame(writer, frame);
  const batch = writer.copy();
  setFirstNumber(batch, 0);
  setReceivedThrough(batch, 0);
  return batch;
}

/** The deliveries that a frame ends. */
export function endsOf(frame: WorkerFrame): readonly number[] {
  if (frame.kind === "turn-end") return [frame.delivery];
  return frame.kind === "done" ? frame.deliveries : [];
}

/** What a frame publishes. */
export function publishesOf(frame: WorkerFrame): readonly PublishFrame[] {
  if (frame.kind === "publish") return [frame];
  return frame.kind === "turn-end" ? frame.publishes : [];
}

/** A message as content. */
export function contentOf({ messageType, data }: Pick<Errand, "messageType" | "data">): Uint8Array {
  return encodeContent({
    messageType,
    contentType: "application/x-protobuf",
    data: Buffer.from(data),
    traceparent: "",
    tracestate: "",
    metadata: undefined,
    messageId: "",
  });
}
