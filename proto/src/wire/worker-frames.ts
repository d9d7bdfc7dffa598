/**
 * Frames from worker to host: how each is written and read. Tags are `field << 3 | wire type` of the .proto files;
 * a test holds them against the generated code.
 */
import { WorkerFrame as WorkerFrameMessage } from "../../gen/agentmesh/v1/gateway.ts";
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
  type CancelFrame,
  DONE,
  type DoneFrame,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type TurnEndFrame,
  type WorkerFrame,
} from "./frames.ts";
import { decodeGenerated } from "./generated.ts";
import { readAgentId, readTopicId } from "./names.ts";
import { malformed, type WireReader } from "./reader.ts";
import { FRAME_TAG } from "./tags.ts";
import type { WireWriter } from "./writer.ts";

const NO_AGENT = new AgentId("", "");
const NO_TOPIC = new TopicId("", "");
/** Room for the fields beside the content, as a guess at the length of a frame. */
const HEAD = 48;

/** Appends a frame to a batch. */
export function appendWorkerFrame(writer: WireWriter, frame: WorkerFrame): void {
  let mark: number;
  switch (frame.kind) {
    case "send":
      mark = writer.openFrame(frame.content.length + HEAD);
      writeSend(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x0a);
    case "publish":
      mark = writer.openFrame(frame.content.length + HEAD);
      writePublish(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x12);
    case "turn-end":
      mark = writer.openFrame(turnEndBytes(frame));
      writeTurnEnd(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x1a);
    case "done":
      mark = writer.openFrame(frame.deliveries.length * 3);
      writer.number(0x08, frame.activation);
      writePacked(writer, 0x12, frame.deliveries);
      return writer.closeFrame(mark, FRAME_TAG, 0x22);
    case "reply-chunk":
      mark = writer.openFrame(frame.content.length + HEAD);
      writer.number(0x08, frame.delivery);
      writer.number(0x10, frame.activation);
      writer.bytes(0x1a, frame.content);
      return writer.closeFrame(mark, FRAME_TAG, 0x2a);
    case "stream-credit":
      mark = writer.openFrame(0);
      writeStreamCredit(writer, frame);
      return writer.closeFrame(mark, FRAME_TAG, 0x32);
    case "cancel":
      mark = writer.openFrame(0);
      writer.number(0x08, frame.request);
      return writer.closeFrame(mark, FRAME_TAG, 0x3a);
    case "control":
      return writer.bytes(FRAME_TAG, WorkerFrameMessage.encode({ kind: frame.control }).finish());
  }
}

/** Reads a WorkerFrame message that fills `reader`; undefined for a kind that may be skipped. */
export function readWorkerFrame(reader: WireReader): WorkerFrame | undefined {
  const start = reader.pos;
  const tag = reader.tag();
  if (tag >= 0x80) return readControl(reader, start, tag);
  if ((tag & 7) !== 2) throw malformed("frame kind");
  if (reader.length() !== reader.end - reader.pos) throw malformed("frame of more than one kind");
  switch (tag) {
    case 0x0a:
      return readSend(reader);
    case 0x12:
      return readPublish(reader);
    case 0x1a:
      return readTurnEnd(reader);
    case 0x22:
      return readDone(reader);
    case 0x2a:
      return readReplyChunk(reader);
    case 0x32:
      return readStreamCredit(reader);
    case 0x3a:
      return readCancel(reader);
    default:
      throw malformed(`unknown frame kind ${tag >>> 3}`);
  }
}

function readControl(reader: WireReader, start: number, tag: number): WorkerFrame | undefined {
  passControl(reader, tag);
  const { kind } = decodeGenerated(WorkerFrameMessage, reader.buffer.subarray(start, reader.end));
  if (kind === undefined) return skipUnknown(tag);
  // Hot kinds have tags below 128: one that turns up here was hidden in another frame.
  if (HOT_KINDS.has(kind.$case)) throw malformed("frame of more than one kind");
  return { kind: "control", control: kind };
}

const HOT_KINDS: ReadonlySet<string> = new Set([
  "send",
  "publish",
  "turnEnd",
  "done",
  "chunk",
  "streamCredit",
  "cancel",
]);

function writeSend(writer: WireWriter, frame: SendFrame): void {
  writer.number(0x08, frame.request);
  writer.pair(0x12, frame.target.type, frame.target.key);
  writer.number(0x18, frame.timeoutMs);
  writer.bytes(0x22, frame.content);
  writer.number(0x28, frame.activation);
  writer.number(0x30, frame.parent);
  writer.number(0x38, frame.streamChunks);
  writer.number(0x40, frame.streamBytes);
}

function readSend(reader: WireReader): SendFrame {
  let request = 0;
  let target = NO_AGENT;
  let timeoutMs = 0;
  let content = NO_CONTENT;
  let activation = 0;
  let parent = 0;
  let streamChunks = 0;
  let streamBytes = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        request = reader.varint();
        break;
      case 0x12:
        target = readAgentId(reader);
        break;
      case 0x18:
        timeoutMs = reader.uint32();
        break;
      case 0x22:
        content = reader.bytes();
        break;
      case 0x28:
        activation = reader.varint();
        break;
      case 0x30:
        parent = reader.varint();
        break;
      case 0x38:
        streamChunks = reader.uint32();
        break;
      case 0x40:
        streamBytes = reader.uint32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    kind: "send",
    request,
    target,
    timeoutMs,
    content,
    activation,
    parent,
    streamChunks,
    streamBytes,
  };
}

function writePublish(writer: WireWriter, frame: PublishFrame): void {
  writer.number(0x08, frame.sequence);
  writer.pair(0x12, frame.topic.type, frame.topic.source);
  writer.bytes(0x1a, frame.content);
  writer.number(0x20, frame.activation);
  writer.number(0x28, frame.parent);
  writer.number(0x30, frame.delayMs);
  writer.text(0x3a, frame.dedupId);
  writer.flag(0x40, frame.resent);
}

function readPublish(reader: WireReader): PublishFrame {
  let sequence = 0;
  let topic = NO_TOPIC;
  let content = NO_CONTENT;
  let activation = 0;
  let parent = 0;
  let delayMs = 0;
  let dedupId = "";
  let resent = false;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        sequence = reader.varint();
        break;
      case 0x12:
        topic = readTopicId(reader);
        break;
      case 0x1a:
        content = reader.bytes();
        break;
      case 0x20:
        activation = reader.varint();
        break;
      case 0x28:
        parent = reader.varint();
        break;
      case 0x30:
        delayMs = reader.varint();
        break;
      case 0x3a:
        dedupId = reader.text();
        break;
      case 0x40:
        resent = reader.varint() !== 0;
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    kind: "publish",
    sequence,
    topic,
    content,
    activation,
    parent,
    delayMs,
    dedupId,
    resent,
  };
}

function turnEndBytes(frame: TurnEndFrame): number {
  const own = frame.ending.kind === "postponed" ? 0 : endingBytes(frame.ending);
  let publishes = 0;
  for (const publish of frame.publishes) publishes += publish.content.length + HEAD;
  return own + publishes + 16;
}

function writeTurnEnd(writer: WireWriter, frame: TurnEndFrame): void {
  writer.number(0x08, frame.delivery);
  writer.number(0x10, frame.activation);
  if (frame.ending.kind === "postponed") {
    writer.byte(0x28);
    writer.varint(frame.ending.delayMs);
  } else writeEnding(writer, frame.ending, 0x1a, 0x22);
  writer.flag(0x30, frame.permanent);
  for (const publish of frame.publishes) {
    writer.byte(0x42);
    const mark = writer.open(publish.content.length + HEAD);
    writePublish(writer, publish);
    writer.close(mark);
  }
  writer.flag(0x48, frame.ending.kind === "postponed" && frame.ending.counted);
}

function readTurnEnd(reader: WireReader): TurnEndFrame {
  let delivery = 0;
  let activation = 0;
  let ending: TurnEndFrame["ending"] = DONE;
  let permanent = false;
  let publishes: PublishFrame[] | undefined;
  let state = false;
  let counted = false;
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
        ending = { kind: "reply", content: reader.bytes() };
        break;
      case 0x22:
        ending = readFailed(reader);
        break;
      case 0x28:
        ending = { kind: "postponed", delayMs: reader.uint32(), counted: false };
        break;
      case 0x48:
        counted = reader.varint() !== 0;
        break;
      case 0x30:
        permanent = reader.varint() !== 0;
        break;
      case 0x3a:
        state = true;
        reader.skip(tag);
        break;
      case 0x42:
        publishes ??= [];
        publishes.push(readNested(reader, readPublish));
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    kind: "turn-end",
    delivery,
    activation,
    ending: counted && ending.kind === "postponed" ? { ...ending, counted } : ending,
    permanent,
    publishes: publishes ?? NO_PUBLISHES,
    state,
  };
}

const NO_PUBLISHES: readonly PublishFrame[] = [];

/** Reads a length-delimited message by narrowing the reader to it. */
function readNested<Message>(reader: WireReader, read: (reader: WireReader) => Message): Message {
  const length = reader.length();
  const end = reader.end;
  reader.end = reader.pos + length;
  const message = read(reader);
  reader.end = end;
  return message;
}

function readDone(reader: WireReader): DoneFrame {
  let activation = 0;
  const deliveries: number[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) activation = reader.varint();
    else if (tag >>> 3 === 2) readPacked(reader, tag, deliveries);
    else reader.skip(tag);
  }
  return { kind: "done", activation, deliveries };
}

function readReplyChunk(reader: WireReader): ReplyChunkFrame {
  let delivery = 0;
  let activation = 0;
  let content = NO_CONTENT;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) delivery = reader.varint();
    else if (tag === 0x10) activation = reader.varint();
    else if (tag === 0x1a) content = reader.bytes();
    else reader.skip(tag);
  }
  return { kind: "reply-chunk", delivery, activation, content };
}

function readCancel(reader: WireReader): CancelFrame {
  let request = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) request = reader.varint();
    else reader.skip(tag);
  }
  return { kind: "cancel", request };
}
