import { AgentId, type ErrorCode, type Failure, failure, TopicId } from "@agentmesh/proto";
import type { DeadLetter, DeadLetterName } from "../../model/dead-letter.ts";
import { bytesOf } from "../dead-letter-filter.ts";
import type { PlainLetter } from "./operations.ts";

/** What of a letter is kept as JSON. */
interface LetterRecord {
  readonly sender: readonly [string, string] | undefined;
  readonly topic: readonly [string, string] | undefined;
  readonly failure: Omit<Failure, "details" | "code"> & { readonly details: string | undefined };
  readonly attempts: number;
  readonly crashes: number;
  readonly firstDeliveredUnixMs: number;
  readonly lastDeliveredUnixMs: number;
  readonly acceptedUnixMs: number;
  readonly messageType: string;
  readonly payloadBytes: number;
  readonly traceId: string;
  readonly replays: number;
}

/** A dead letter as plain data. */
export function toPlain(letter: DeadLetter): PlainLetter {
  const { sender, topic } = letter;
  const { code, details, ...reason } = letter.failure;
  const record: LetterRecord = {
    sender: sender === undefined ? undefined : [sender.type, sender.key],
    topic: topic === undefined ? undefined : [topic.type, topic.source],
    failure: {
      ...reason,
      details: details === undefined ? undefined : Buffer.from(details).toString("base64"),
    },
    attempts: letter.attempts,
    crashes: letter.crashes,
    firstDeliveredUnixMs: letter.firstDeliveredUnixMs,
    lastDeliveredUnixMs: letter.lastDeliveredUnixMs,
    acceptedUnixMs: letter.acceptedUnixMs,
    messageType: letter.messageType,
    payloadBytes: letter.payloadBytes,
    traceId: letter.traceId,
    replays: letter.replays,
  };
  return {
    namespace: letter.namespace,
    id: letter.id,
    target: [letter.target.type, letter.target.key],
    subscription: letter.subscription,
    topicType: topic?.type,
    code,
    parkedUnixMs: letter.parkedUnixMs,
    bytes: bytesOf(letter),
    record: JSON.stringify(record),
    content: letter.content,
    replayTarget: undefined,
  };
}

/** The dead letter that plain data stands for. One whose record is damaged says so, and has lost its message. */
export function fromPlain(plain: PlainLetter): DeadLetter {
  const { damage } = plain;
  return damage === undefined ? intactLetter(plain) : damagedLetter(plain, damage);
}

function intactLetter(plain: PlainLetter): DeadLetter {
  const { sender, topic, failure: reason, ...rest }: LetterRecord = JSON.parse(plain.record);
  return {
    ...rest,
    ...nameOf(plain),
    sender: sender === undefined ? undefined : new AgentId(...sender),
    topic: topic === undefined ? undefined : new TopicId(...topic),
    failure: {
      ...reason,
      // Written by `toPlain`; this version may know fewer codes than the one that wrote it.
      code: plain.code as ErrorCode,
      details: reason.details === undefined ? undefined : Buffer.from(reason.details, "base64"),
    },
    parkedUnixMs: plain.parkedUnixMs,
    content: plain.content,
    replayTarget: plain.replayTarget === undefined ? undefined : new AgentId(...plain.replayTarget),
  };
}

/** What is left of a letter are the columns by which it was found. */
function damagedLetter(plain: PlainLetter, damage: string): DeadLetter {
  return {
    ...nameOf(plain),
    sender: undefined,
    topic: undefined,
    failure: failure("PAYLOAD_INVALID", damage, { outcome: "unknown" }),
    attempts: 0,
    crashes: 0,
    acceptedUnixMs: plain.parkedUnixMs,
    firstDeliveredUnixMs: 0,
    lastDeliveredUnixMs: 0,
    parkedUnixMs: plain.parkedUnixMs,
    messageType: "",
    payloadBytes: 0,
    traceId: "",
    content: new Uint8Array(0),
    replays: 0,
    replayTarget: plain.replayTarget === undefined ? undefined : new AgentId(...plain.replayTarget),
  };
}

function nameOf({ namespace, id, target, subscription }: PlainLetter): DeadLetterName {
  return { namespace, id, target: new AgentId(...target), subscription };
}
