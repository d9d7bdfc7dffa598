/** Frames for scripted peers: what a test names is what it is about, the rest has the value of a plain frame. */
import { randomUUID } from "node:crypto";
import {
  AgentId,
  type ErrorCode,
  type FailureHints,
  failure,
  PROTOCOL_VERSION,
  TopicId,
} from "@agentmesh/proto";
import type { AgentType, DurableOptions, Hello, Subscription } from "@agentmesh/proto/agentmesh/v1";
import {
  type ContentBytes,
  type ControlFrame,
  type DeliverFrame,
  DONE,
  type DoneFrame,
  decodeContent,
  type EventTarget,
  encodeContent,
  type PublishFrame,
  type ReplyChunkFrame,
  type SendFrame,
  type TurnEndFrame,
  type WorkerControl,
} from "@agentmesh/proto/wire";

/** A message of type `test.Text` that says `text`. */
export function content(text: string): ContentBytes {
  return encodeContent({
    messageType: "test.Text",
    contentType: "text/plain",
    data: Buffer.from(text),
    traceparent: "",
    tracestate: "",
    metadata: undefined,
    messageId: "",
  });
}

/** What {@link content} was made of. */
export function textOf(bytes: ContentBytes): string {
  return Buffer.from(decodeContent(bytes).data).toString();
}

/** `type/key` as an id. Its grammar is not checked, so that a test can send what breaks it. */
export function agent(text: string): AgentId {
  const slash = text.indexOf("/");
  return new AgentId(text.slice(0, slash), text.slice(slash + 1));
}

/** `type/source` as a topic. Its grammar is not checked. */
export function topic(text: string): TopicId {
  const slash = text.indexOf("/");
  return new TopicId(text.slice(0, slash), text.slice(slash + 1));
}

export type SendFields = Partial<Omit<SendFrame, "kind" | "request" | "target">>;

/** A send from outside of any agent to `type/key`, unless `fields` say otherwise. */
export function send(
  request: number,
  target: string,
  text: string,
  fields: SendFields = {},
): SendFrame {
  return {
    kind: "send",
    request,
    target: agent(target),
    timeoutMs: 0,
    content: content(text),
    activation: 0,
    parent: 0,
    streamChunks: 0,
    streamBytes: 0,
    ...fields,
  };
}

/** A send in the turn of `parent`. */
export function nested(
  parent: DeliverFrame,
  request: number,
  target: string,
  text: string,
): SendFrame {
  return send(request, target, text, { activation: parent.activation, parent: parent.delivery });
}

export type PublishFields = Partial<Omit<PublishFrame, "kind" | "sequence" | "topic">>;

/** A publish from outside of any agent to `type/source`, unless `fields` say otherwise. */
export function publish(
  sequence: number,
  on: string,
  text: string,
  fields: PublishFields = {},
): PublishFrame {
  return {
    kind: "publish",
    sequence,
    topic: topic(on),
    content: content(text),
    activation: 0,
    parent: 0,
    delayMs: 0,
    dedupId: "",
    resent: false,
    ...fields,
  };
}

/** What names a turn: a Deliver frame, or one target of an Event frame. */
export type Turn = Pick<DeliverFrame | EventTarget, "delivery" | "activation">;

/** The end of a turn: handled with no reply, unless `fields` say otherwise. */
export function turnEnd(
  turn: Turn,
  fields: Partial<Omit<TurnEndFrame, "kind">> = {},
): TurnEndFrame {
  return {
    kind: "turn-end",
    delivery: turn.delivery,
    activation: turn.activation,
    ending: DONE,
    permanent: false,
    publishes: [],
    state: false,
    ...fields,
  };
}

/** The end of a turn that replies. */
export function reply(turn: Turn, text: string): TurnEndFrame {
  return turnEnd(turn, { ending: { kind: "reply", content: content(text) } });
}

/** The end of a turn that fails. */
export function fail(
  turn: Turn,
  code: ErrorCode,
  text?: string,
  hints?: FailureHints,
): TurnEndFrame {
  return turnEnd(turn, { ending: { kind: "failed", failure: failure(code, text, hints) } });
}

/** The end of a turn that was not handled now; `counted` when its handler asked for that. */
export function postpone(turn: Turn, delayMs: number, counted = false): TurnEndFrame {
  return turnEnd(turn, { ending: { kind: "postponed", delayMs, counted } });
}

/** The packed end of turns of one activation. */
export function done(...turns: readonly Turn[]): DoneFrame {
  return {
    kind: "done",
    activation: turns[0]?.activation ?? 0,
    deliveries: turns.map(({ delivery }) => delivery),
  };
}

/** One element of a stream of replies. */
export function chunk(turn: Turn, text: string): ReplyChunkFrame {
  return {
    kind: "reply-chunk",
    delivery: turn.delivery,
    activation: turn.activation,
    content: content(text),
  };
}

/** A frame that has no shape of its own. */
export function control(frame: WorkerControl): ControlFrame<WorkerControl> {
  return { kind: "control", control: frame };
}

/** An agent type that handles nothing by name. */
export function agentType(name: string, fields: Partial<Omit<AgentType, "name">> = {}): AgentType {
  return {
    name,
    description: "",
    handles: [],
    agentWindow: 0,
    maxTurnMs: 0,
    concurrency: 0,
    ...fields,
  };
}

/** A subscription to one topic type, or to a prefix when `match` ends in `*`. */
export function subscription(id: string, match: string, type: string): Subscription {
  const isPrefix = match.endsWith("*");
  return {
    id,
    match: isPrefix
      ? { $case: "topicTypePrefix", value: match.slice(0, -1) }
      : { $case: "topicType", value: match },
    agentType: type,
    durable: undefined,
  };
}

/** A durable subscription of that name, with these options. */
export function durable(
  name: string,
  match: string,
  type: string,
  options: Partial<DurableOptions> = {},
): Subscription {
  const zero = { maxAttempts: 0, backoffMs: 0, maxRetryMs: 0, retentionMs: 0, update: false };
  return { ...subscription(name, match, type), durable: { ...zero, name, ...options } };
}

/** Hello of a plain worker. */
export function hello(fields: Partial<Hello> = {}): Hello {
  return {
    versionMin: PROTOCOL_VERSION.min,
    versionMax: PROTOCOL_VERSION.max,
    features: [],
    namespace: "",
    name: "raw",
    instanceId: randomUUID(),
    labels: {},
    sdkName: "raw",
    sdkVersion: "1",
    resume: true,
    resumeToken: "",
    maxInFlight: 0,
    agentTypes: [],
    subscriptions: [],
    activations: [],
    ...fields,
  };
}

/** A content of exactly so many bytes, from 10 to 2^28: a payload without a type. */
export function contentOfSize(bytes: number): ContentBytes {
  // Tag, length in five bytes, payload.
  const content = Buffer.alloc(bytes);
  content[0] = 0x1a;
  let left = bytes - 6;
  for (let index = 1; index < 6; index++) {
    content[index] = (left & 0x7f) | (index < 5 ? 0x80 : 0);
    left >>>= 7;
  }
  return content;
}
