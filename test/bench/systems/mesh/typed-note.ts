/**
 * The message of the typed row: what a user might send, as long in JSON as the ready-made
 * payload.
 */
import { z } from "zod";
import { PAYLOAD_BYTES } from "../../scenario.ts";

/** Its schema. */
export const Note = z.object({
  id: z.string(),
  subject: z.string(),
  attempt: z.number(),
  urgent: z.boolean(),
  tags: z.array(z.string()),
  text: z.string(),
});

/** Makes one. */
export function typedPayload(): z.infer<typeof Note> {
  const note = {
    id: "4d1c6a",
    subject: "review",
    attempt: 1,
    urgent: false,
    tags: ["bench", "mesh"],
    text: "",
  };
  const room = PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(note));
  return { ...note, text: "a mesh of agents ".repeat(16).slice(0, room) };
}
