import { invalid } from "../errors/mesh-error.ts";
import { checkKey, encodePair, quote } from "./agent-id.ts";

const TYPE = /^[\p{L}\p{N}\p{M}\p{Pc}.:=-]{1,256}$/u;

/**
 * The name of a stream of events: subscriptions match `type`, and `source` becomes the key of the agents that receive
 * the event. Make one with {@link topicId} or {@link parseTopicId}, which check the grammar.
 */
export class TopicId {
  /** 1–256 word characters, dots, colons, equals signs and hyphens. */
  readonly type: string;
  /** Any UTF-8 of 1–512 bytes. */
  readonly source: string;
  #encoded: Uint8Array | undefined;

  /** Unchecked: for callers that have checked both already. */
  constructor(type: string, source: string) {
    this.type = type;
    this.source = source;
  }

  /** The id as a protobuf message, encoded once. */
  get encoded(): Uint8Array {
    this.#encoded ??= encodePair(this.type, this.source);
    return this.#encoded;
  }

  /** `type/source`. */
  toString(): string {
    return `${this.type}/${this.source}`;
  }
}

/**
 * Names the topic `type` from `source` (default `default`).
 * @throws MeshError `INVALID_ARGUMENT` when either breaks the grammar.
 */
export function topicId(type: string, source = "default"): TopicId {
  checkTopicType(type);
  checkKey(source, "topic source");
  return new TopicId(type, source);
}

/**
 * Reads `type/source`, splitting at the first slash.
 * @throws MeshError `INVALID_ARGUMENT` when there is no slash or a part breaks the grammar.
 */
export function parseTopicId(text: string): TopicId {
  const slash = text.indexOf("/");
  if (slash < 0) throw invalid(`topic id ${quote(text)} has no slash; write it as type/source`);
  return topicId(text.slice(0, slash), text.slice(slash + 1));
}

/** Whether `type` is 1–256 Unicode word characters, dots, colons, equals signs and hyphens. */
export function isTopicType(type: string): boolean {
  return TYPE.test(type);
}

/** @throws MeshError `INVALID_ARGUMENT` unless {@link isTopicType}. */
export function checkTopicType(type: string): void {
  if (!isTopicType(type)) {
    throw invalid(
      `topic type ${quote(type)} is not 1–256 word characters, dots, colons, equals signs and hyphens`,
    );
  }
}
