/** The one kind of agent in these tests: notes what reaches it, in which order, and says so when it is asked. */
import {
  type AgentContext,
  type AgentDefinition,
  defineAgent,
  parseAgentId,
} from "@agentmesh/worker-sdk";
import type { Gate } from "./gate.ts";
import { CountUp, HAPPENINGS, Happened, Meter, Recall, Relay, Work } from "./messages.ts";
import type { Notice } from "./protocol.ts";

/** Where a probe is, and what it needs there. */
export interface Post {
  /** Name of the worker. */
  readonly worker: string;
  readonly agentWindow: number;
  readonly gate: Gate;
  tell(notice: Notice): void;
}

interface Notes {
  count: number;
  relaying: number;
  readonly last: Map<string, number>;
  readonly heard: { sender: string; sequence: number; attempt: number; resent: boolean }[];
}

/** The agents of type `type` on the worker of `post`. */
export function probe(type: string, post: Post): AgentDefinition<Notes> {
  const made = new Map<string, number>();
  return defineAgent<Notes>(type, {
    state: { initial: () => ({ count: 0, relaying: 0, last: new Map(), heard: [] }) },
    subscriptions: [HAPPENINGS],
    agentWindow: post.agentWindow,
    handlers: (on) => [
      on(Work, async ({ sender, sequence, held }, ctx) => {
        if (held) await waitAtGate(post, sequence, ctx);
        const { state, activation } = ctx;
        const before = state.last.get(sender) ?? 0;
        state.last.set(sender, sequence);
        state.count++;
        const { count, relaying } = state;
        return { worker: post.worker, activation, sequence, before, count, relaying };
      }),
      on(Happened, ({ sender, sequence }, { state, attempt, resent }) => {
        state.heard.push({ sender, sequence, attempt, resent });
      }),
      on(Recall, (_, { state }) => ({ heard: state.heard })),
      on(Relay, async ({ path: [next, ...path], held }, ctx) => {
        const here = `${ctx.self.text}@${post.worker}`;
        if (next === undefined) {
          if (held) await waitAtGate(post, 0, ctx);
          return { visits: [here] };
        }
        ctx.state.relaying++;
        const { visits } = await ctx.send(parseAgentId(next), Relay({ path, held }));
        ctx.state.relaying--;
        return { visits: [here, ...visits] };
      }),
      on(CountUp, async function* ({ name, upTo, fillerCharacters }) {
        const filler = "x".repeat(fillerCharacters);
        try {
          for (let number = 1; number <= upTo; number++) {
            made.set(name, number);
            yield { number, filler };
          }
        } finally {
          post.tell({ kind: "stream-over", name, numbers: made.get(name) ?? 0 });
        }
      }),
      on(Meter, ({ name }) => ({ numbers: made.get(name) ?? 0 })),
    ],
  });
}

async function waitAtGate(
  { gate, tell }: Post,
  sequence: number,
  { self, signal }: AgentContext<Notes>,
): Promise<void> {
  const agent = self.text;
  tell({ kind: "held", agent, sequence });
  signal.addEventListener("abort", () => tell({ kind: "told-to-stop", agent, sequence }));
  await gate.opened;
}
