import { type AgentDefinition, AppError, defineAgent } from "@agentmesh/worker-sdk";
import { type BlockIndex, createBlockIndex, findCopies, remember } from "../checks/copies.ts";
import { BLOCK_INDEX, FindCopies, RememberBlocks } from "../messages.ts";
import type { Stopwatch } from "../timesheet.ts";

/**
 * Knows the blocks of all files. Agents share no memory: what all of them need is the state of one of them, and the
 * others ask.
 */
export function blockIndex(stopwatch: Stopwatch): AgentDefinition<BlockIndex> {
  return defineAgent(BLOCK_INDEX.type, {
    description: "Knows which blocks of code stand in several places",
    state: { initial: () => createBlockIndex() },
    // What it knows cannot be found again, so it is never sent to sleep.
    idleMs: 0,
    handlers: (on) => [
      on(RememberBlocks, ({ path, ...fingerprint }, ctx) => {
        stopwatch(() => remember(ctx.state, path, fingerprint));
        return { blocks: ctx.state.first.size };
      }),
      on(FindCopies, ({ path }, ctx) => {
        // Happens when the index was lost with its worker: better no answer than a wrong one.
        if (!ctx.state.files.has(path)) throw new AppError("NOT_INDEXED", `${path} is not indexed`);
        return { copies: stopwatch(() => findCopies(ctx.state, path)) };
      }),
    ],
  });
}
