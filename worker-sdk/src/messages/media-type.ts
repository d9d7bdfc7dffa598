/** Media type of JSON; an empty content type stands for it as well. */
export const JSON_MEDIA_TYPE = "application/json";

/** Media type of protobuf. */
export const PROTOBUF_MEDIA_TYPE = "application/x-protobuf";

/** Whether a content type is `mediaType`. Parameters such as `; charset=utf-8` and the case of letters do not matter. */
export function isMediaType(contentType: string, mediaType: string): boolean {
  if (contentType === mediaType) return true;
  if (contentType === "") return mediaType === JSON_MEDIA_TYPE;
  const [essence = ""] = contentType.split(";", 1);
  return essence.trim().toLowerCase() === mediaType;
}
