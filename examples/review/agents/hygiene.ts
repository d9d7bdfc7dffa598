import type { AgentDefinition } from "@agentmesh/worker-sdk";
import { commentLines, headComment } from "../checks/comments.ts";
import { isGenerated } from "../checks/facts.ts";
import { syntaxOf } from "../checks/language.ts";
import { checkLicences } from "../checks/licences.ts";
import { checkNotes } from "../checks/notes.ts";
import { checkSecrets } from "../checks/secrets.ts";
import { tokenize } from "../checks/tokens.ts";
import type { Fact, Finding } from "../findings.ts";
import type { Answer } from "../messages.ts";
import {
  defineReviewer,
  type Examined,
  type Light,
  type Memory,
  type Post,
  type SourceFile,
} from "./reviewer.ts";

/** Looks for what should not be in a repository: secrets, conflicting licences, notes that were left behind. */
export function hygieneReviewer(post: Post): AgentDefinition<Memory> {
  const description = "Finds secrets, conflicting licences and notes left behind";
  return defineReviewer({ reviewer: "hygiene", description, consult, examine, reconsider }, post);
}

/** All that it looks for is in the file. */
async function consult(): Promise<void> {
  return undefined;
}

function examine({ path, text }: SourceFile): Examined {
  const syntax = syntaxOf(path);
  const tokens = syntax === undefined ? [] : tokenize(text, syntax);
  const head = headComment(tokens);
  const facts: Fact[] = isGenerated(head) ? ["generated"] : [];
  const notes = checkNotes(commentLines(tokens));
  return { findings: [...checkSecrets(path, text), ...checkLicences(head), ...notes], facts };
}

function reconsider(finding: Finding, { own, others }: Light): Answer {
  if (finding.check === "secret" && others.some(({ facts }) => facts.includes("test"))) {
    return { answer: "soften", reason: "made up for a test, by the look of it" };
  }
  if (finding.check === "note left behind") {
    if (own.includes("generated"))
      return { answer: "withdraw", reason: "a program wrote this file" };
    return { answer: "soften", reason: "the code around it is in order" };
  }
  return { answer: "keep", reason: "this does not depend on the code around it" };
}
