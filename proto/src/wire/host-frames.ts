/**
 * Frames from host to worker: how each is written and read. Tags are `field << 3 | wire type` of the .proto files;
 * a test holds them against the generated code.
 */
import { HostFrame as HostFrameMessage } from "../../gen/agentmesh/v1/gateway.ts";
import { AgentId } from "../identity/agent-id.ts";
import { TopicId } from "../identity/topic-id.ts";
import {
  endingBytes,
  NO_CONTENT,
  passControl,
  readFailed,
  readPacked,
  readStreamCredit,
  skipUnknown,
  writeEnding,
  writePacked,
  writeStreamCredit,
} from "./fields.ts";
import {
  type AcceptedFrame,
  type CancelDeliveryFrame,
  type ChunkFrame,
  type DeliverFrame,
  DONE,
  type EventFrame,
  type EventTarget,
  type HostFrame,
  type ResultFrame,
} from "./frames.ts";
import { decodeGenerated } from "./generated.ts";
import { readAgentId, readTopicId } from "./names.ts";
import { malformed, type WireReader } from "./reader.ts";
import { FRAME_TAG } from "./tags.ts";
import type { WireWriter } from "./writer.ts";

const NO_AGENT = new AgentId("", "");
const NO_TOPIC = new TopicId("", "");
/** Room for the fields beside the content, as a guess at the length of a frame. */
const HEAD = 80;

/** Appends a frame to a batch. */
export function appendHostFrame(writer: WireWriter, frame: HostFrame): void {
  let mark: number;
  switch (frame.kind) {
    case "deliver":
      mark = writer.openFrame(frame.content.length + HEAD);
      writeDeliver(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x0a);
    case "event":
      mark = writer.openFrame(frame.content.length + frame.targets.length * HEAD);
      writeEvent(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x12);
    case "result":
      mark = writer.openFrame(endingBytes(frame.ending) + 8);
      writer.number(0x08, frame.request);
      writeEnding(writer, frame.ending, 0x12, 0x1a);
      return writer.closeFrame(mark, FRAME_TAG, 0x1a);
    case "accepted":
      mark = writer.openFrame(frame.sequences.length * 3);
      writePacked(writer, 0x0a, frame.sequences);
      return writer.closeFrame(mark, FRAME_TAG, 0x22);
    case "chunk":
      mark = writer.openFrame(frame.content.length + 8);
      writer.number(0x08, frame.request);
      writer.bytes(0x12, frame.content);
      return writer.closeFrame(mark, FRAME_TAG, 0x2a);
    case "stream-credit":
      mark = writer.openFrame(0);
      writeStreamCredit(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x32);
    case "cancel-delivery":
      mark = writer.openFrame(0);
      writer.number(0x08, frame.delivery);
      writer.number(0x10, frame.reason);
      return writer.closeFrame(mark, FRAME_TAG, 0x3a);
    case "control":
      return writer.bytes(FRAME_TAG, HostFrameMessage.encode({ kind: frame.control }).finish());
  }
}

/** Reads a HostFrame message that fills `reader`; undefined for a kind that may be skipped. */
export function readHostFrame(reader: WireReader): HostFrame | undefined {
  const start = reader.pos;
  const tag = reader.tag();
  if (tag >= 0x80) return readControl(reader, start, tag);
  if ((tag & 7) !== 2) throw malformed("frame kind");
  if (reader.length() !== reader.end - reader.pos) throw malformed("frame of more than one kind");
  switch (tag) {
    case 0x0a:
      return readDeliver(reader);
    case 0x12:
      return readEvent(reader);
    case 0x1a:
      return readResult(reader);
    case 0x22:
      return readAccepted(reader);
    case 0x2a:
      return readChunk(reader);
    case 0x32:
      return readStreamCredit(reader);
    case 0x3a:
      return readCancelDelivery(reader);
    default:
      throw malformed(`unknown frame kind ${tag >>> 3}`);
  }
}

function readControl(reader: WireReader, start: number, tag: number): HostFrame | undefined {
  passControl(reader, tag);
  const { kind } = decodeGenerated(HostFrameMessage, reader.buffer.subarray(start, reader.end));
  if (kind === undefined) return skipUnknown(tag);
  // Hot kinds have tags below 128: one that turns up here was hidden in another frame.
  if (HOT_KINDS.has(kind.$case)) throw malformed("frame of more than one kind");
  return { kind: "control", control: kind };
}

const HOT_KINDS: ReadonlySet<string> = new Set([
  "deliver",
  "event",
  "result",
  "accepted",
  "chunk",
  "streamCredit",
  "cancelDelivery",
]);

function writeDeliver(writer: WireWriter, frame: DeliverFrame): void {
  writer.number(0x08, frame.delivery);
  writer.number(0x10, frame.activation);
  writer.pair(0x1a, frame.target.type, frame.target.key);
  writer.bytes(0x22, frame.content);
  if (frame.sender !== undefined) writer.pair(0x2a, frame.sender.type, frame.sender.key);
  writer.number(0x30, frame.timeoutMs);
  writer.number(0x38, frame.id);
  writer.number(0x40, frame.attempt);
  writer.number(0x48, frame.reenters);
  writer.number(0x50, frame.streamChunks);
  writer.number(0x58, frame.streamBytes);
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a flat list of the message's eleven fields
function readDeliver(reader: WireReader): DeliverFrame {
  let delivery = 0;
  let activation = 0;
  let target = NO_AGENT;
  let content = NO_CONTENT;
  let sender: AgentId | undefined;
  let timeoutMs = 0;
  let id = 0;
  let attempt = 0;
  let reenters = 0;
  let streamChunks = 0;
  let streamBytes = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        delivery = reader.varint();
        break;
      case 0x10:
        activation = reader.varint();
        break;
      case 0x1a:
        target = readAgentId(reader);
        break;
      case 0x22:
        content = reader.bytes();
        break;
      case 0x2a:
        sender = readAgentId(reader);
        break;
      case 0x30:
        timeoutMs = reader.uint32();
        break;
      case 0x38:
        id = reader.varint();
        break;
      case 0x40:
        attempt = reader.uint32();
        break;
      case 0x48:
        reenters = reader.varint();
        break;
      case 0x50:
        streamChunks = reader.uint32();
        break;
      case 0x58:
        streamBytes = reader.uint32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    kind: "deliver",
    delivery,
    activation,
    target,
    content,
    sender,
    timeoutMs,
    id,
    attempt,
    reenters,
    streamChunks,
    streamBytes,
  };
}

function writeEvent(writer: WireWriter, frame: EventFrame): void {
  writer.number(0x08, frame.id);
  writer.pair(0x12, frame.topic.type, frame.topic.source);
  writer.bytes(0x1a, frame.content);
  if (frame.sender !== undefined) writer.pair(0x22, frame.sender.type, frame.sender.key);
  for (const target of frame.targets) {
    writer.byte(0x2a);
    const mark = writer.open(HEAD);
    writer.number(0x08, target.delivery);
    writer.number(0x10, target.activation);
    writer.pair(0x1a, target.agent.type, target.agent.key);
    writer.number(0x20, target.attempt);
    writer.number(0x28, target.lane);
    writer.flag(0x30, target.durable);
    writer.number(0x38, target.firstDeliveredUnixMs);
    writer.flag(0x40, target.redelivered);
    writer.close(mark);
  }
  writer.flag(0x30, frame.resent);
  writer.number(0x38, frame.acceptedUnixMs);
}

function readEvent(reader: WireReader): EventFrame {
  let id = 0;
  let topic = NO_TOPIC;
  let content = NO_CONTENT;
  let sender: AgentId | undefined;
  const targets: EventTarget[] = [];
  let resent = false;
  let acceptedUnixMs = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        id = reader.varint();
        break;
      case 0x12:
        topic = readTopicId(reader);
        break;
      case 0x1a:
        content = reader.bytes();
        break;
      case 0x22:
        sender = readAgentId(reader);
        break;
      case 0x2a:
        targets.push(readTarget(reader));
        break;
      case 0x30:
        resent = reader.varint() !== 0;
        break;
      case 0x38:
        acceptedUnixMs = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { kind: "event", id, topic, content, sender, targets, resent, acceptedUnixMs };
}

function readTarget(reader: WireReader): EventTarget {
  const length = reader.length();
  const end = reader.pos + length;
  let delivery = 0;
  let activation = 0;
  let agent = NO_AGENT;
  let attempt = 0;
  let lane = 0;
  let durable = false;
  let firstDeliveredUnixMs = 0;
  let redelivered = false;
  while (reader.pos < end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        delivery = reader.varint();
        break;
      case 0x10:
        activation = reader.varint();
        break;
      case 0x1a:
        agent = readAgentId(reader);
        break;
      case 0x20:
        attempt = reader.uint32();
        break;
      case 0x28:
        lane = reader.varint();
        break;
      case 0x30:
        durable = reader.varint() !== 0;
        break;
      case 0x38:
        firstDeliveredUnixMs = reader.varint();
        break;
      case 0x40:
        redelivered = reader.varint() !== 0;
        break;
      default:
        reader.skip(tag);
    }
  }
  if (reader.pos !== end) throw malformed("event target past its end");
  return {
    delivery,
    activation,
    agent,
    attempt,
    lane,
    durable,
    firstDeliveredUnixMs,
    redelivered,
  };
}

function readResult(reader: WireReader): ResultFrame {
  let request = 0;
  let ending: ResultFrame["ending"] = DONE;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) request = reader.varint();
    else if (tag === 0x12) ending = { kind: "reply", content: reader.bytes() };
    else if (tag === 0x1a) ending = readFailed(reader);
    else reader.skip(tag);
  }
  return { kind: "result", request, ending };
}

function readAccepted(reader: WireReader): AcceptedFrame {
  const sequences: number[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 === 1) readPacked(reader, tag, sequences);
    else reader.skip(tag);
  }
  return { kind: "accepted", sequences };
}

function readChunk(reader: WireReader): ChunkFrame {
  let request = 0;
  let content = NO_CONTENT;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) request = reader.varint();
    else if (tag === 0x12) content = reader.bytes();
    else reader.skip(tag);
  }
  return { kind: "chunk", request, content };
}

function readCancelDelivery(reader: WireReader): CancelDeliveryFrame {
  let delivery = 0;
  let reason = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) delivery = reader.varint();
    else if (tag === 0x10) reason = reader.uint32();
    else reader.skip(tag);
  }
  return { kind: "cancel-delivery", delivery, reason };
}
