import { defineMessage, stream } from "@agentmesh/worker-sdk";
import { z } from "zod";

export const Step = defineMessage("sigterm.Step", z.object({ text: z.string() }));
export const Work = defineMessage("sigterm.Work", z.object({}), { reply: stream(Step) });
