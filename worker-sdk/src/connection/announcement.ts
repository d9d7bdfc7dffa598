import type {
  Activation,
  AgentType,
  MessageSchema,
  Subscription,
} from "@agentmesh/proto/agentmesh/v1";
import type {
  AnnouncedSubscription,
  AnnouncedType,
  HandledMessage,
  LiveActivation,
} from "./mesh-port.ts";

const NO_SCHEMA = Buffer.alloc(0);
/** Bytes of one schema; a larger one is not told. */
const SCHEMA_BYTES = 64 * 1024;
/** Bytes of all schemas of one frame: it must reach every host, together with all else that it announces. */
const FRAME_SCHEMA_BYTES = 512 * 1024;

/** Agent types as the wire carries them, with schemas as far as there is room for them. */
export function toAgentTypes(types: readonly AnnouncedType[]): AgentType[] {
  let room = FRAME_SCHEMA_BYTES;
  const toSchema = ({ describe, ...handled }: HandledMessage): MessageSchema => {
    const schema = describe();
    const bytes = schema?.data.length ?? 0;
    if (schema === undefined || bytes > SCHEMA_BYTES || bytes > room) {
      return { ...handled, schemaType: "", schema: NO_SCHEMA };
    }
    room -= bytes;
    return { ...handled, schemaType: schema.mediaType, schema: Buffer.from(schema.data) };
  };
  return types.map((type) => ({
    name: type.name,
    description: type.description,
    handles: type.handles.map(toSchema),
    agentWindow: type.agentWindow,
    maxTurnMs: type.maxTurnMs,
    concurrency: type.concurrency,
  }));
}

/** A subscription as the wire carries it. */
export function toSubscription(announced: AnnouncedSubscription): Subscription {
  const { id, pattern, agentType, durable } = announced;
  const match: Subscription["match"] =
    "type" in pattern
      ? { $case: "topicType", value: pattern.type }
      : { $case: "topicTypePrefix", value: pattern.typePrefix };
  return { id, match, agentType, durable };
}

/** A live activation as the wire carries it. */
export function toActivation({ number, type, key }: LiveActivation): Activation {
  return { number, agent: { type, key } };
}
