import type { AgentContext, AgentDefinition } from "@agentmesh/worker-sdk";
import { copyFindings } from "../checks/copies.ts";
import { isTest } from "../checks/facts.ts";
import { checkFunctionSize } from "../checks/function-size.ts";
import { isCode, syntaxOf } from "../checks/language.ts";
import { tokenize } from "../checks/tokens.ts";
import type { Fact, Finding } from "../findings.ts";
import { type Answer, BLOCK_INDEX, FindCopies, type Opinion } from "../messages.ts";
import { counted } from "../words.ts";
import { ask } from "./asking.ts";
import {
  defineReviewer,
  type Examined,
  type Memory,
  type Post,
  type SourceFile,
} from "./reviewer.ts";

/** A finding that exceeds its mark by less than this gives way when nobody else sees a problem. */
const CLEAR_EXCESS = 1.25;

/** Looks at how code is built: functions that are too long or branch too much, blocks that stand in two places. */
export function structureReviewer(post: Post): AgentDefinition<Memory> {
  const description = "Finds long and complex functions and duplicated blocks";
  return defineReviewer({ reviewer: "structure", description, examine, reconsider }, post);
}

async function examine(file: SourceFile, ctx: AgentContext<Memory>): Promise<Examined> {
  const syntax = syntaxOf(file.path);
  const tokens = syntax === undefined ? [] : tokenize(file.text, syntax);
  const facts: Fact[] = isTest(file.path, tokens) ? ["test"] : [];
  if (syntax === undefined || !isCode(file.path)) return { findings: [], facts };
  const copies = await findCopies(file.path, ctx);
  return { findings: [...checkFunctionSize(tokens, syntax), ...copies], facts };
}

async function findCopies(path: string, ctx: AgentContext<Memory>): Promise<Finding[]> {
  const { copies } = await ask(ctx, BLOCK_INDEX, {
    path,
    message: FindCopies({ path }),
    question: "which blocks stand elsewhere?",
    answer: (reply) => counted(reply.copies.length, "copy"),
  });
  return copyFindings(path, copies);
}

function reconsider(finding: Finding, own: readonly Fact[], other: Opinion): Answer {
  if (other.facts.includes("generated")) {
    return { answer: "withdraw", reason: "a program wrote this file" };
  }
  if (own.includes("test"))
    return { answer: "soften", reason: "a test may be long and repeat itself" };
  if (finding.excess < CLEAR_EXCESS) return { answer: "soften", reason: "barely above the mark" };
  return { answer: "keep", reason: `${finding.excess} times the mark` };
}
