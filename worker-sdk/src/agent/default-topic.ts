import { type TopicId, topicId } from "@agentmesh/proto";

/** The topic type that agents with `defaultSubscription` are subscribed to. */
export const DEFAULT_TOPIC_TYPE = "default";

/**
 * The topic `default` from `source`; its events go to the agents whose key is `source`. In a handler give
 * `ctx.self.key`, so that the conversation stays among agents of the same key. Default: `default`.
 * @throws MeshError `INVALID_ARGUMENT` when the source is not 1–512 bytes of UTF-8.
 */
export function defaultTopic(source?: string): TopicId {
  return topicId(DEFAULT_TOPIC_TYPE, source);
}
