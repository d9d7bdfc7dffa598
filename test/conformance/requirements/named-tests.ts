import { readFileSync } from "node:fs";

const ROOT = new URL("../../../", import.meta.url.replace("/test/dist/", "/test/"));

/** The name of a test or of a group of tests. */
const NAMED_TEST =
  /\b(?:test|it|describe)(?:\.(?:each|runIf)\((?:[^()]|\([^()]*\))*\))?\(\s*["'`](.*)["'`]/g;

/** Names of the tests in a file, which is told from the top of the repository. */
export function namesOfTests(file: string): string[] {
  const text = readFileSync(new URL(file, ROOT), "utf8");
  return [...text.matchAll(NAMED_TEST)].map(([, name = ""]) => name);
}
