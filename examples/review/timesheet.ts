import type { AgentDefinition, HandlerEntry } from "@agentmesh/worker-sdk";
import { z } from "zod";
import type { Tally } from "./messages.ts";

/** The part of a message that says what it is about. */
const About = z.object({ path: z.string().optional(), paths: z.array(z.string()).optional() });

/** Measures a piece of work and returns its result. Waiting for others is no work, so it takes no promises. */
export type Stopwatch = <Result>(work: () => Result) => Result;

/** What the agents of one worker have done, by agent type. */
export interface Timesheet {
  /** The agents that `define` makes, with their messages counted and what they measure added up. */
  keep<State>(define: (stopwatch: Stopwatch) => AgentDefinition<State>): AgentDefinition<State>;
  tallies(): Tally[];
}

/** What is counted for one agent type. */
interface Entry {
  agent: string;
  readonly paths: Set<string>;
  messages: number;
  workMs: number;
}

/** Opens the timesheet of a worker. */
export function createTimesheet(now: () => number = () => performance.now()): Timesheet {
  const entries: Entry[] = [];
  return {
    keep(define) {
      const entry: Entry = { agent: "", paths: new Set(), messages: 0, workMs: 0 };
      const definition = define((work) => {
        const startedAt = now();
        try {
          return work();
        } finally {
          entry.workMs += now() - startedAt;
        }
      });
      entry.agent = definition.type;
      entries.push(entry);
      return counting(definition, entry);
    },
    tallies: () =>
      entries.map(({ agent, paths, messages, workMs }) => {
        return { agent, files: paths.size, messages, workMs: Math.round(workMs) };
      }),
  };
}

/** A definition is a value: one with other handlers is made of it, and neither the agents nor the runtime notice. */
function counting<State>(definition: AgentDefinition<State>, entry: Entry): AgentDefinition<State> {
  const handlers = [...definition.handlers].map(([name, { message, handle }]) => {
    const handler: HandlerEntry<State> = {
      message,
      handle(content, ctx) {
        entry.messages++;
        for (const path of pathsIn(content)) entry.paths.add(path);
        return handle(content, ctx);
      },
    };
    return [name, handler] as const;
  });
  return { ...definition, handlers: new Map(handlers) };
}

/** The files that a message is about. */
function pathsIn(content: unknown): readonly string[] {
  const { path, paths } = About.parse(content);
  return paths ?? (path === undefined ? [] : [path]);
}
