import { type Codec, checkContentType, payloadInvalid, reasonOf } from "./codec.ts";

const MEDIA_TYPE = "application/x-protobuf";

/** What is used of a message type that ts-proto generated: the object of the same name as the interface. */
export interface ProtobufType<Message> {
  /** Encodes a message into a writer. */
  encode(message: Message): { finish(): Uint8Array };
  /** Decodes a message. */
  decode(bytes: Uint8Array): Message;
}

/** Protobuf by generated code: the compiler checks what senders give, the wire format what arrives. */
export function protobufCodec<Message>(
  messageName: string,
  type: ProtobufType<Message>,
): Codec<Message, Message> {
  return {
    encode(input) {
      try {
        return { contentType: MEDIA_TYPE, data: type.encode(input).finish() };
      } catch (error) {
        throw payloadInvalid(messageName, `it does not become protobuf: ${reasonOf(error)}`, error);
      }
    },
    decode(payload) {
      checkContentType(messageName, payload.contentType, MEDIA_TYPE);
      try {
        // Decoded `bytes` fields are views of what they were read from. A copy keeps receivers of one event apart, and
        // a small field from holding on to the batch in which it arrived.
        return type.decode(Buffer.from(payload.data));
      } catch (error) {
        throw payloadInvalid(
          messageName,
          `it is not protobuf of this type: ${reasonOf(error)}`,
          error,
        );
      }
    },
  };
}
