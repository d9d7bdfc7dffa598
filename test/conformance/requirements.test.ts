import { describe, expect, test } from "vitest";
import { CASES } from "./cases/index.ts";
import { REQUIREMENTS } from "./requirements.ts";

describe("the table of requirements", () => {
  test("gives every id once", () => {
    const ids = REQUIREMENTS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test("says where every behaviour is written", () => {
    const from = /^(DESIGN [1-6]|issue 2\.[1-7]|autogen 4\.[1-4] \S.*)$/;
    const wrong = REQUIREMENTS.filter(({ source }) =>
      source.split("; ").some((part) => !from.test(part)),
    );
    expect(wrong).toEqual([]);
  });

  test("names cases that exist", () => {
    const cases = new Set(CASES.map(({ id }) => id));
    expect(REQUIREMENTS.filter((requirement) => !cases.has(requirement.test))).toEqual([]);
  });
});

describe("the cases", () => {
  test("have an id each, of the form family.what", () => {
    const ids = CASES.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => !/^[a-z]+\.[a-z-]+$/.test(id))).toEqual([]);
  });

  test("are all required by something", () => {
    const required = new Set(REQUIREMENTS.map((requirement) => requirement.test));
    expect(CASES.map(({ id }) => id).filter((id) => !required.has(id))).toEqual([]);
  });
});
