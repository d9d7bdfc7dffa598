import { invalid, quote } from "@agentmesh/proto";
import type { ProtobufType } from "../protobuf-codec.ts";

/** What `load` and `loadSync` of `@grpc/proto-loader` give: definitions by full name. */
export type PackageDefinitions = Readonly<Record<string, object>>;

interface MessageDefinition<Message> {
  serialize(message: Message): Uint8Array;
  deserialize(bytes: Buffer): Message;
}

/**
 * A message type for `defineMessage` from what `@grpc/proto-loader` has loaded, for who has it anyway. The options given
 * there say what messages look like; it turns whatever it is sent into something that fits. Its types are not described
 * to others and know no JSON: `loadProtobuf` is the better choice where there is one.
 * @param name full name, `demo.Ask`.
 * @throws MeshError `INVALID_ARGUMENT` when there is no message of that name.
 */
export function packageType<Message extends object = Record<string, unknown>>(
  definitions: PackageDefinitions,
  name: string,
): ProtobufType<Message> {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (!isMessageDefinition<Message>(definition)) {
    throw invalid(`the definitions have no message ${quote(name)}; give its full name`);
  }
  return {
    encode: (message) => ({ finish: () => definition.serialize(message) }),
    decode(bytes) {
      return definition.deserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  };
}

function isMessageDefinition<Message>(
  definition: object | undefined,
): definition is MessageDefinition<Message> {
  if (definition === undefined) return false;
  const { serialize, deserialize }: Partial<Record<string, unknown>> = { ...definition };
  return typeof serialize === "function" && typeof deserialize === "function";
}
