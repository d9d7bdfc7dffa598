import { describe, expect, test } from "vitest";
import { CASES } from "./cases/index.ts";
import { NOT_MET, REQUIREMENTS } from "./requirements/index.ts";
import { namesOfTests } from "./requirements/named-tests.ts";
import type { Proof } from "./requirements/requirement.ts";
import { PROMISES, SOURCES } from "./requirements/sources.ts";

/** Whether a test with these words in its name is in the file. */
function hasTest({ file, title }: Extract<Proof, { kind: "test" }>): boolean {
  return namesOfTests(file).some((name) => name.includes(title));
}

function sourcesOf(requirements: typeof REQUIREMENTS): string[] {
  return requirements.flatMap(({ source }) => source.split("; "));
}

describe("the table of requirements", () => {
  test("gives every id once", () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test("says where every behaviour is written", () => {
    const promise = `DESIGN 2 (${PROMISES.join("|")})`;
    const from = new RegExp(`^(DESIGN [1-6]|${promise}|issue 2\\.[1-7]|autogen 4\\.[1-4] \\S+)$`);
    expect(sourcesOf(REQUIREMENTS).filter((source) => !from.test(source))).toEqual([]);
  });

  test("has a row for every promise, and for every behaviour that is expected", () => {
    const listed = new Set(sourcesOf(REQUIREMENTS));
    expect(SOURCES.filter((source) => !listed.has(source))).toEqual([]);
  });

  test("names no test of AutoGen's runtimes that there is not", () => {
    const known = new Set(SOURCES);
    const named = sourcesOf(REQUIREMENTS).filter((source) => /^autogen 4\.[12] /.test(source));
    expect(named.filter((source) => !known.has(source))).toEqual([]);
  });

  test("names cases and tests that exist", () => {
    const cases = new Set(CASES.map(({ id }) => id));
    const missing = REQUIREMENTS.filter(({ proof }) => {
      if (proof.kind === "case") return !cases.has(proof.id);
      return proof.kind === "test" && !hasTest(proof);
    });
    expect(missing).toEqual([]);
  });

  test("says why a row is not met, and there are no more of them than before", () => {
    const missing = REQUIREMENTS.filter(({ proof }) => proof.kind === "not-met");
    expect(missing.map(({ id }) => id)).toHaveLength(NOT_MET);
    const unexplained = REQUIREMENTS.filter(({ proof }) => "why" in proof && proof.why.length < 20);
    expect(unexplained).toEqual([]);
  });
});

describe("the cases", () => {
  test("have an id each, of the form family.what", () => {
    const ids = CASES.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => !/^[a-z]+\.[a-z-]+$/.test(id))).toEqual([]);
  });

  test("are all required by something", () => {
    const required = new Set(
      REQUIREMENTS.map(({ proof }) => (proof.kind === "case" ? proof.id : undefined)),
    );
    expect(CASES.map(({ id }) => id).filter((id) => !required.has(id))).toEqual([]);
  });
});
