import type { AgentContext, AgentDefinition } from "@agentmesh/worker-sdk";
import { checkExports } from "../checks/exports.ts";
import { isMarkdown, syntaxOf } from "../checks/language.ts";
import { checkLinks, localLinks } from "../checks/links.ts";
import { tokenize } from "../checks/tokens.ts";
import { type Finding, worst } from "../findings.ts";
import { type Answer, CATALOGUE, FindMissing } from "../messages.ts";
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

/** Looks at what a file tells its readers: links that lead nowhere, names for others that nobody explains. */
export function documentationReviewer(post: Post): AgentDefinition<Memory> {
  const description = "Finds broken links and exports that nothing explains";
  return defineReviewer(
    { reviewer: "documentation", description, consult, examine, reconsider },
    post,
  );
}

/** Asks which of the file's links lead to what is not there. */
async function consult(
  { folder, path, text }: SourceFile,
  ctx: AgentContext<Memory>,
): Promise<ReadonlySet<string>> {
  const links = isMarkdown(path) ? localLinks(path, text) : [];
  const targets = [...new Set(links.flatMap((link) => link.path ?? []))];
  if (targets.length === 0) return new Set();
  const { missing } = await ask(ctx, CATALOGUE, {
    path,
    message: FindMissing({ path, folder, targets }),
    question: `is there ${counted(targets.length, "target")}?`,
    answer: (reply) => `${reply.missing.length} missing`,
  });
  return new Set(missing);
}

function examine({ path, text }: SourceFile, missing: ReadonlySet<string>): Examined {
  if (isMarkdown(path)) {
    return { findings: checkLinks(text, localLinks(path, text), missing), facts: [] };
  }
  const syntax = syntaxOf(path);
  const findings = syntax === undefined ? [] : checkExports(tokenize(text, syntax), syntax);
  return { findings, facts: [] };
}

function reconsider({ check }: Finding, { others }: Light): Answer {
  if (others.some(({ facts }) => facts.includes("generated"))) {
    return { answer: "withdraw", reason: "a program wrote this file" };
  }
  if (others.some(({ facts }) => facts.includes("test"))) {
    return { answer: "soften", reason: "only tests lean on this" };
  }
  if (check === "broken link") return { answer: "keep", reason: "whoever follows it gets lost" };
  const structure = others.find(({ reviewer }) => reviewer === "structure");
  if (structure !== undefined && worst(structure.findings) === "pass") {
    return { answer: "soften", reason: "the code is plain enough to be read" };
  }
  return { answer: "keep", reason: "the code does not explain itself" };
}
