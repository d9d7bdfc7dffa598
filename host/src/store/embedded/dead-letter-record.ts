import { AgentId, type ErrorCode, type Failure, TopicId } from "@agentmesh/proto";
import type { DeadLetter } from "../../model/dead-letter.ts";
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
  };
}

/** The dead letter that plain data stands for. */
export function fromPlain(plain: PlainLetter): DeadLetter {
  const { sender, topic, failure, ...rest }: LetterRecord = JSON.parse(plain.record);
  return {
    ...rest,
    id: plain.id,
    namespace: plain.namespace,
    target: new AgentId(...plain.target),
    sender: sender === undefined ? undefined : new AgentId(...sender),
    topic: topic === undefined ? undefined : new TopicId(...topic),
    failure: {
      ...failure,
      // Written by `toPlain`; this version may know fewer codes than the one that wrote it.
      code: plain.code as ErrorCode,
      details: failure.details === undefined ? undefined : Buffer.from(failure.details, "base64"),
    },
    parkedUnixMs: plain.parkedUnixMs,
    subscription: plain.subscription,
    content: plain.content,
  };
}
