/** All cases. What is missing here is seen by the rules of the traffic while the cases run. */
import { BATCHES } from "./batches.ts";
import type { Case } from "./case.ts";
import { DELIVERIES } from "./deliveries.ts";
import { LIFE } from "./life.ts";
import { MESSAGES } from "./messages.ts";
import { SESSIONS } from "./sessions.ts";

export const CASES: readonly Case[] = [
  ...BATCHES,
  ...DELIVERIES,
  ...MESSAGES,
  ...LIFE,
  ...SESSIONS,
];
