import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentContext, type AgentDefinition, defineAgent } from "@agentmesh/worker-sdk";
import { fingerprint } from "../checks/copies.ts";
import { isCode } from "../checks/language.ts";
import {
  BLOCK_INDEX,
  COORDINATOR,
  HandOutFiles,
  IndexFiles,
  RememberBlocks,
  ReviewRequested,
  topicOf,
} from "../messages.ts";
import type { Stopwatch } from "../timesheet.ts";
import { counted } from "../words.ts";
import { ask } from "./asking.ts";

/**
 * Hands out the work, a portion at a time: first every block of code goes into the index, so that what a reviewer
 * learns from it does not depend on who comes first; then one event per file lets all reviewers begin.
 */
export function coordinator(stopwatch: Stopwatch): AgentDefinition<undefined> {
  return defineAgent(COORDINATOR.type, {
    description: "Reads a folder and requests one review per file",
    handlers: (on) => [
      on(IndexFiles, async ({ folder, paths }, ctx) => {
        const code = await readFiles(folder, paths.filter(isCode));
        await Promise.all(code.map((file) => rememberBlocks(file, ctx)));
        return { files: code.length };
      }),
      on(HandOutFiles, async ({ folder, paths }, ctx) => {
        const files = await readFiles(folder, paths);
        const requests = files.map(({ path, text }) =>
          ctx.publish(topicOf(ReviewRequested, path), ReviewRequested({ path, folder, text })),
        );
        await Promise.all(requests);
        return { files: files.length };
      }),
    ],
  });

  async function rememberBlocks(
    { path, text }: SourceText,
    ctx: AgentContext<undefined>,
  ): Promise<void> {
    const blocks = stopwatch(() => fingerprint(text));
    await ask(ctx, BLOCK_INDEX, {
      path,
      message: RememberBlocks({ path, ...blocks }),
      question: counted(blocks.hashes.length, "block"),
      answer: (reply) => `${reply.blocks} blocks known`,
    });
  }
}

interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Reads files side by side and returns them in the order of their paths. */
function readFiles(folder: string, paths: readonly string[]): Promise<SourceText[]> {
  return Promise.all(
    paths.map(async (path) => {
      // A file that has gone since it was listed has no text, and nothing can be wrong with that.
      const text = await readFile(join(folder, path), "utf8").catch(() => "");
      return { path, text };
    }),
  );
}
