import type { Case } from "../stage.ts";
import { agents } from "./agents.ts";
import { cancellation } from "./cancellation.ts";
import { contexts } from "./context.ts";
import { deadlines } from "./deadlines.ts";
import { errors } from "./errors.ts";
import { formats } from "./formats.ts";
import { idle } from "./idle.ts";
import { interceptors } from "./interceptors.ts";
import { receivingInterceptors } from "./interceptors-receiving.ts";
import { lifecycle } from "./lifecycle.ts";
import { messages } from "./messages.ts";
import { mistakes } from "./mistakes.ts";
import { publishing } from "./publishing.ts";
import { reentry } from "./reentry.ts";
import { reentryTurns } from "./reentry-turns.ts";
import { registration } from "./registration.ts";
import { states } from "./state.ts";
import { streamFlow } from "./stream-flow.ts";
import { streams } from "./streams.ts";
import { subscriptions } from "./subscriptions.ts";
import { turnLimits } from "./turn-limits.ts";
import { turns } from "./turns.ts";

/** All of them. */
export const CASES: readonly Case[] = [
  ...messages,
  ...formats,
  ...mistakes,
  ...errors,
  ...agents,
  ...contexts,
  ...turns,
  ...reentry,
  ...reentryTurns,
  ...deadlines,
  ...turnLimits,
  ...cancellation,
  ...streams,
  ...streamFlow,
  ...publishing,
  ...subscriptions,
  ...interceptors,
  ...receivingInterceptors,
  ...idle,
  ...registration,
  ...states,
  ...lifecycle,
];
