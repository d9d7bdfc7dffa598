/** What the agents of these tests are asked, and answer. */
import { defineMessage, stream } from "@agentmesh/worker-sdk";
import { z } from "zod";

const sender = z.string();
const sequence = z.int();

/** How an agent handled a send, and what it remembers of the sender. */
const Handled = defineMessage(
  "test.Handled",
  z.object({
    /** Worker that the agent ran on. */
    worker: z.string(),
    activation: z.number(),
    sequence,
    /** The sequence of the same sender that the agent handled before; 0 for none. */
    before: z.int(),
    /** Sends that the agent has handled since it was made, this one included. */
    count: z.int(),
    /** Relays of this agent that were half done when it was handled. */
    relaying: z.int(),
  }),
);

/** Asks a probe to note a send, at once or when the worker's gate is open. */
export const Work = defineMessage(
  "test.Work",
  z.object({ sender, sequence, held: z.boolean().default(false) }),
  { reply: Handled },
);

/** Something that subscribers note. Published on the topic type {@link HAPPENINGS}. */
export const Happened = defineMessage("test.Happened", z.object({ sender, sequence }));
export const HAPPENINGS = "test.happened";

/** What a probe has heard, in the order of its turns. */
const Heard = defineMessage(
  "test.Heard",
  z.object({
    heard: z.array(z.object({ sender, sequence, attempt: z.int(), resent: z.boolean() })),
  }),
);
/** Asks a probe what it has heard. */
export const Recall = defineMessage("test.Recall", z.object({}), { reply: Heard });

/** Where a relay came by, as `type/key@worker`. */
const Visited = defineMessage("test.Visited", z.object({ visits: z.array(z.string()) }));
/** Asks a probe to ask the first of these agents to ask the others; the last one may wait for its worker's gate. */
export const Relay = defineMessage(
  "test.Relay",
  z.object({ path: z.array(z.string()), held: z.boolean().default(false) }),
  { reply: Visited },
);

const Counted = defineMessage("test.Counted", z.object({ number: z.int(), filler: z.string() }));
/** Asks a probe for the numbers from 1 on, each with so many characters beside it. */
export const CountUp = defineMessage(
  "test.CountUp",
  z.object({ name: z.string(), upTo: z.int(), fillerCharacters: z.int().default(0) }),
  { reply: stream(Counted) },
);

const Produced = defineMessage("test.Produced", z.object({ numbers: z.int() }));
/** Asks any probe of a worker how many numbers of {@link CountUp} its worker has made under this name. */
export const Meter = defineMessage("test.Meter", z.object({ name: z.string() }), {
  reply: Produced,
});
