import type { AgentContext, AgentDefinition } from "@agentmesh/worker-sdk";
import { type Copy, copyFindings } from "../checks/copies.ts";
import { isTest } from "../checks/facts.ts";
import { checkFunctionSize } from "../checks/function-size.ts";
import { isCode, syntaxOf } from "../checks/language.ts";
import { tokenize } from "../checks/tokens.ts";
import type { Fact, Finding } from "../findings.ts";
import { type Answer, BLOCK_INDEX, FindCopies } from "../messages.ts";
import { counted } from "../words.ts";
import { ask } from "./asking.ts";
import {
  defineReviewer,
  type Examined,
  type Light,
  type Memory,
  type Post,
  type SourceFile,
} from "./reviewer.ts";

/** A finding that exceeds its mark by less than this gives way when nobody else sees a problem. */
const CLEAR_EXCESS = 1.25;

/** Looks at how code is built: functions that are too long or branch too much, blocks that stand in two places. */
export function structureReviewer(post: Post): AgentDefinition<Memory> {
  const description = "Finds long and complex functions and duplicated blocks";
  return defineReviewer({ reviewer: "structure", description, consult, examine, reconsider }, post);
}

/** Asks which blocks of the file stand elsewhere. */
async function consult({ path }: SourceFile, ctx: AgentContext<Memory>): Promise<readonly Copy[]> {
  if (!isCode(path)) return [];
  const { copies } = await ask(ctx, BLOCK_INDEX, {
    path,
    message: FindCopies({ path }),
    question: "which blocks stand elsewhere?",
    answer: (reply) => counted(reply.copies.length, "copy"),
  });
  return copies;
}

function examine({ path, text }: SourceFile, copies: readonly Copy[]): Examined {
  const syntax = syntaxOf(path);
  const tokens = syntax === undefined ? [] : tokenize(text, syntax);
  const facts: Fact[] = isTest(path, tokens) ? ["test"] : [];
  if (syntax === undefined || !isCode(path)) return { findings: [], facts };
  return { findings: [...checkFunctionSize(tokens, syntax), ...copyFindings(path, copies)], facts };
}

function reconsider(finding: Finding, { own, others }: Light): Answer {
  if (others.some(({ facts }) => facts.includes("generated"))) {
    return { answer: "withdraw", reason: "a program wrote this file" };
  }
  if (own.includes("test"))
    return { answer: "soften", reason: "a test may be long and repeat itself" };
  if (finding.excess < CLEAR_EXCESS) return { answer: "soften", reason: "barely above the mark" };
  return { answer: "keep", reason: `${finding.excess} times the mark` };
}
