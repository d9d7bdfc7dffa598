import type { ContentBytes } from "@agentmesh/proto/wire";

/** How many times larger than itself the buffer behind a view may be before a copy is cheaper to keep. */
const WASTE = 2;

/** The content in a buffer of its own: what waits must not hold on to the batch that it came with. */
export function compact(content: ContentBytes): ContentBytes {
  if (content.buffer.byteLength <= content.byteLength * WASTE) return content;
  const copy = new Uint8Array(content.byteLength);
  copy.set(content);
  return copy;
}
