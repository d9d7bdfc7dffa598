/** The generated code at our edge: what it throws, and what it passes over in silence, is malformed input. */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { malformed } from "./reader.ts";

interface Decoder<Message> {
  decode(input: BinaryReader): Message;
}

/** Reads a message with the generated code. @throws MeshError `PROTOCOL_VIOLATION` when it is malformed. */
export function decodeGenerated<Message>(decoder: Decoder<Message>, bytes: Uint8Array): Message {
  const reader = new BinaryReader(bytes);
  let message: Message;
  try {
    message = decoder.decode(reader);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  // It stops at the tag of a group's end, wherever that stands.
  if (reader.pos !== reader.len) throw malformed("message past its end");
  return message;
}
