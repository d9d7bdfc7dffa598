/** Messages that many cases need. What a case is about stands in the case. */
import { defineMessage, stream } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Text = z.object({ text: z.string() });

/** Nothing answers it: for sends and for events. */
export const Note = defineMessage("talk.Note", Text);
export const Said = defineMessage("talk.Said", Text);
/** One reply. */
export const Say = defineMessage("talk.Say", Text, { reply: Said });

export const Piece = defineMessage("talk.Piece", z.object({ index: z.number() }));
/** A stream of replies. */
export const Recite = defineMessage("talk.Recite", z.object({ count: z.number() }), {
  reply: stream(Piece),
});

/** The numbers below `count`: one for each of many messages. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
