import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentContext, defineAgent } from "@agentmesh/worker-sdk";
import { fingerprint } from "../checks/copies.ts";
import { isCode } from "../checks/language.ts";
import {
  BLOCK_INDEX,
  COORDINATOR,
  RememberBlocks,
  ReviewRequested,
  StartReview,
  topicOf,
} from "../messages.ts";
import { counted } from "../words.ts";
import { ask } from "./asking.ts";

/**
 * Hands out the work: first every block of code goes into the index, so that what a reviewer learns from it does not
 * depend on who comes first; then one event per file lets all reviewers begin.
 */
export const coordinator = defineAgent(COORDINATOR.type, {
  description: "Reads a folder and requests one review per file",
  handlers: (on) => [
    on(StartReview, async ({ folder, paths }, ctx) => {
      for (const path of paths.filter(isCode)) {
        await rememberBlocks(path, await readText(folder, path), ctx);
      }
      for (const path of paths) {
        const request = ReviewRequested({ path, text: await readText(folder, path) });
        await ctx.publish(topicOf(ReviewRequested, path), request);
      }
      return { files: paths.length };
    }),
  ],
});

async function rememberBlocks(
  path: string,
  text: string,
  ctx: AgentContext<undefined>,
): Promise<void> {
  const windows = fingerprint(text);
  await ask(ctx, BLOCK_INDEX, {
    path,
    message: RememberBlocks({ path, windows }),
    question: counted(windows.length, "block"),
    answer: (reply) => `${reply.blocks} blocks known`,
  });
}

function readText(folder: string, path: string): Promise<string> {
  return readFile(join(folder, path), "utf8");
}
