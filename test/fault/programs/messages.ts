/** What the agents of the fault runs are told and asked. */
import { defineMessage, stream } from "@agentmesh/worker-sdk";
import { z } from "zod";

/** Name that a message has in what agents write down. */
const id = z.string();

const Done = defineMessage("fault.Done", z.object({ id }));

/** A piece of work: it takes its time, may ask another agent for a piece of its own, and may fail. */
export const Task = defineMessage(
  "fault.Task",
  z.object({
    id,
    /** Milliseconds that it takes. */
    takesMs: z.int(),
    /** Key of an agent that gets the task `<id>/nested`. */
    asks: z.string().optional(),
    isRefused: z.boolean().default(false),
  }),
  { reply: Done },
);

/** Something that agents write down. */
export const Happened = defineMessage(
  "fault.Happened",
  z.object({
    id,
    /** Milliseconds that its handling takes. */
    takesMs: z.int().default(0),
    /** What it does to who handles it; what ails fails until there is a cure. */
    effect: z.enum(["none", "kill", "hang", "fail", "ail"]).default("none"),
    filler: z.string().default(""),
  }),
);

const Counted = defineMessage("fault.Counted", z.object({ number: z.int() }));
/** Asks for the numbers from 1 on. */
export const CountUp = defineMessage("fault.CountUp", z.object({ upTo: z.int() }), {
  reply: stream(Counted),
});
