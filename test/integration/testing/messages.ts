import { defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Text = z.object({ text: z.string() });
const Answer = defineMessage("testing.Answer", Text);
export const Question = defineMessage("testing.Question", Text, { reply: Answer });
export const Happening = defineMessage("testing.Happening", Text);
