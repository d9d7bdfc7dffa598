import { invalid } from "../errors/mesh-error.ts";

/** Half of a character: it has no UTF-8, so it would arrive as something else. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const TYPE = /^[\p{L}\p{N}\p{M}\p{Pc}.-]{1,128}$/u;

/** Longest key of an agent and longest source of a topic, in bytes of UTF-8. */
const MAX_KEY_BYTES = 512;

/**
 * The name of one actor: `type` selects the code, `key` the instance. Two ids with equal fields are the same agent.
 * Make one with {@link agentId} or {@link parseAgentId}, which check the grammar.
 */
export class AgentId {
  /** 1–128 word characters, dots and hyphens. */
  readonly type: string;
  /** Any UTF-8 of 1–512 bytes. */
  readonly key: string;
  #text: string | undefined;
  #encoded: Uint8Array | undefined;

  /** Unchecked: for callers that have checked `type` and `key` already. */
  constructor(type: string, key: string) {
    this.type = type;
    this.key = key;
  }

  /** `type/key`; the type holds no slash, so it splits at the first one. */
  get text(): string {
    this.#text ??= `${this.type}/${this.key}`;
    return this.#text;
  }

  /** The id as a protobuf message, encoded once. */
  get encoded(): Uint8Array {
    this.#encoded ??= encodePair(this.type, this.key);
    return this.#encoded;
  }

  /** Whether both name the same agent. */
  equals(other: AgentId): boolean {
    return this.type === other.type && this.key === other.key;
  }

  /** `type/key`. */
  toString(): string {
    return this.text;
  }
}

/**
 * Names the agent `key` of type `type`.
 * @throws MeshError `INVALID_ARGUMENT` when either breaks the grammar.
 */
export function agentId(type: string, key: string): AgentId {
  checkAgentType(type);
  checkKey(key, "agent key");
  return new AgentId(type, key);
}

/**
 * Reads `type/key`, splitting at the first slash.
 * @throws MeshError `INVALID_ARGUMENT` when there is no slash or a part breaks the grammar.
 */
export function parseAgentId(text: string): AgentId {
  const slash = text.indexOf("/");
  if (slash < 0) throw invalid(`agent id ${quote(text)} has no slash; write it as type/key`);
  return agentId(text.slice(0, slash), text.slice(slash + 1));
}

/** Whether `type` is 1–128 Unicode word characters, dots and hyphens. */
export function isAgentType(type: string): boolean {
  return TYPE.test(type);
}

/** @throws MeshError `INVALID_ARGUMENT` unless {@link isAgentType}. */
export function checkAgentType(type: string): void {
  if (!isAgentType(type)) {
    throw invalid(`agent type ${quote(type)} is not 1–128 word characters, dots and hyphens`);
  }
}

/** Whether `key` is UTF-8 of 1–512 bytes: the rule for agent keys and topic sources. */
export function isKey(key: string): boolean {
  if (key.length === 0 || LONE_SURROGATE.test(key)) return false;
  return key.length <= MAX_KEY_BYTES / 3 || Buffer.byteLength(key) <= MAX_KEY_BYTES;
}

/** @throws MeshError `INVALID_ARGUMENT` unless {@link isKey}. `what` names the thing in the message. */
export function checkKey(key: string, what: string): void {
  if (!isKey(key)) throw invalid(`${what} ${quote(key)} is not 1–${MAX_KEY_BYTES} bytes of UTF-8`);
}

/** Encodes `{ 1: first, 2: second }`: the shape of both AgentId and TopicId. */
export function encodePair(first: string, second: string): Uint8Array {
  const firstBytes = Buffer.from(first);
  const secondBytes = Buffer.from(second);
  return Buffer.concat([field(0x0a, firstBytes), field(0x12, secondBytes)]);
}

function field(tag: number, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const head = [tag];
  let rest = bytes.length;
  for (; rest >= 128; rest >>>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** The text in quotes, cut to a length that suits a log line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
