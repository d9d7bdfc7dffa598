import type { ContentBytes } from "@agentmesh/proto/wire";

/** How many times larger than itself the buffer behind a view may be before a copy is cheaper to keep. */
const WASTE = 2;

/** The content in a buffer of about its own size: what waits must not hold on to the batch that it came with. */
export function compact(content: ContentBytes): ContentBytes {
  return content.buffer.byteLength > content.byteLength * WASTE ? Uint8Array.from(content) : content;
}
