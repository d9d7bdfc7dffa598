/** Media types that both protocols know, and how protobuf messages are named in a `google.protobuf.Any`. */
export const JSON_TYPE = "application/json";
export const PROTOBUF_TYPE = "application/x-protobuf";
const TYPE_URL_PREFIX = "type.googleapis.com/";

/** Whether a content type says protobuf. */
export function isProtobuf(contentType: string): boolean {
  const [essence = ""] = contentType.split(";", 1);
  return essence.trim().toLowerCase() === PROTOBUF_TYPE;
}

/** How an Any names a protobuf message. */
export function typeUrlOf(messageType: string): string {
  return TYPE_URL_PREFIX + messageType;
}

/** The name of the protobuf message that an Any holds. */
export function messageTypeOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
}
