import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { namesOfTests } from "../../conformance/requirements/named-tests.ts";
import { BY_SCENARIO, BY_TEST, SOURCES } from "./coverage.ts";
import { SCENARIOS, sourceOf } from "./scenarios.ts";

describe("what is expected of a host of AutoGen's workers", () => {
  test("is shown, row by row", () => {
    const missing = SOURCES.filter((source) => !BY_SCENARIO.has(source) && !(source in BY_TEST));
    expect(missing).toEqual([]);
    expect(Object.keys(BY_TEST).filter((source) => !SOURCES.includes(source))).toEqual([]);
  });

  test("is shown by tests that exist", () => {
    const lost = Object.values(BY_TEST)
      .flat()
      .filter(({ file, title }) => !namesOfTests(file).some((name) => name.includes(title)));
    expect(lost).toEqual([]);
  });

  test("is shown by scenarios that exist, each of which is tried", () => {
    const written = ["runtime_tests.py", "wishes.py"]
      .map((file) => readFileSync(sourceOf(file), "utf8"))
      .flatMap((text) => [...text.matchAll(/^async def (\w+)\(\):$/gm)].map(([, name]) => name));
    expect(SCENARIOS.map(({ name }) => name).sort()).toEqual(written.sort());
  });
});
