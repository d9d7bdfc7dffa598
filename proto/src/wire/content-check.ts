/**
 * Looks at the outside of a Content: that it is protobuf and that its strings are UTF-8. A reader of another language
 * refuses a whole batch over one broken string, so the host lets no such content through. The payload is not read.
 */
import { isUtf8 } from "node:buffer";
import { MeshError } from "../errors/mesh-error.ts";
import { malformed, WireReader } from "./reader.ts";

const METADATA_TAG = 0x32;
/** message_type, content_type, traceparent, tracestate, message_id. */
const TEXT_TAGS: ReadonlySet<number> = new Set([0x0a, 0x12, 0x22, 0x2a, 0x3a]);
/** Key and value of a metadata entry. */
const PAIR_TAGS: ReadonlySet<number> = new Set([0x0a, 0x12]);

/** What is wrong with the bytes of a content; undefined when nothing is. */
export function contentProblem(bytes: Uint8Array): string | undefined {
  try {
    checkFields(new WireReader(bytes), TEXT_TAGS);
    return undefined;
  } catch (error) {
    if (error instanceof MeshError) return error.message.slice(error.code.length + 2);
    throw error;
  }
}

function checkFields(reader: WireReader, texts: ReadonlySet<number>): void {
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (texts.has(tag)) checkText(reader);
    else if (tag === METADATA_TAG && texts === TEXT_TAGS) checkPair(reader);
    else reader.skip(tag);
  }
}

function checkPair(reader: WireReader): void {
  const length = reader.length();
  const { end } = reader;
  reader.end = reader.pos + length;
  checkFields(reader, PAIR_TAGS);
  reader.end = end;
}

function checkText(reader: WireReader): void {
  const length = reader.length();
  const start = reader.pos;
  reader.pos += length;
  for (let pos = start; pos < reader.pos; pos++) {
    if ((reader.buffer[pos] as number) < 0x80) continue;
    if (!isUtf8(reader.buffer.subarray(pos, reader.pos)))
      throw malformed("a string that is not UTF-8");
    return;
  }
}
