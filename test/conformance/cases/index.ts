import type { Case } from "../stage.ts";
import { agents } from "./agents.ts";
import { contexts } from "./context.ts";
import { errors } from "./errors.ts";
import { messages } from "./messages.ts";
import { reentry } from "./reentry.ts";
import { turns } from "./turns.ts";

/** All of them. */
export const CASES: readonly Case[] = [
  ...messages,
  ...errors,
  ...agents,
  ...contexts,
  ...turns,
  ...reentry,
];
