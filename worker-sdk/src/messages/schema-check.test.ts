import type { StandardSchemaV1 } from "@standard-schema/spec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { schemaParser } from "./schema-check.ts";

type Validate = StandardSchemaV1["~standard"]["validate"];

const refuse = (reason: string, cause?: unknown): Error => new Error(reason, { cause });

function schemaOf(validate: Validate): StandardSchemaV1 {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("schemaParser", () => {
  it("returns the output", () => {
    expect(schemaParser(z.string().transform(Number), refuse)("7")).toBe(7);
  });

  it("returns an output that is undefined or has a property named issues", () => {
    expect(schemaParser(z.undefined(), refuse)(undefined)).toBeUndefined();
    expect(schemaParser(z.object({ issues: z.string() }), refuse)({ issues: "x" })).toEqual({
      issues: "x",
    });
  });

  it("follows issues where a library returns both issues and value", () => {
    const parse = schemaParser(
      schemaOf(() => ({ value: 1, issues: [{ message: "no" }] })),
      refuse,
    );
    expect(() => parse(1)).toThrow(/^no$/);
  });

  it("writes paths of keys and of segments", () => {
    const issue = { message: "no", path: ["a", { key: 0 }, { key: "b" }] };
    const parse = schemaParser(
      schemaOf(() => ({ issues: [issue] })),
      refuse,
    );
    expect(() => parse(1)).toThrow(/^a\[0\]\.b: no$/);
  });

  it("shows three issues and counts the others", () => {
    const issues = ["a", "b", "c", "d", "e"].map((message) => ({ message }));
    const parse = schemaParser(
      schemaOf(() => ({ issues })),
      refuse,
    );
    expect(() => parse(1)).toThrow(/^a; b; c; and 2 more$/);
  });

  it("refuses when the schema throws", () => {
    const parse = schemaParser(
      schemaOf(() => {
        throw new Error("sick");
      }),
      refuse,
    );
    expect(() => parse(1)).toThrow(/^its schema threw: sick$/);
  });
});

describe("a schema that returns a promise", () => {
  const rejections: unknown[] = [];
  const record = (reason: unknown): unknown => rejections.push(reason);

  beforeEach(() => {
    rejections.length = 0;
    process.on("unhandledRejection", record);
  });
  afterEach(() => {
    process.off("unhandledRejection", record);
  });

  it("is refused", () => {
    const parse = schemaParser(
      z.string().refine(async () => true),
      refuse,
    );
    expect(() => parse("x")).toThrow(/its schema returned a promise/);
  });

  it("is refused without an unhandled rejection when its function throws", async () => {
    const parse = schemaParser(
      z.string().transform(() => {
        throw new Error("sick");
      }),
      refuse,
    );
    expect(() => parse("x")).toThrow(/its schema returned a promise/);
    await new Promise(setImmediate);
    expect(rejections).toEqual([]);
  });
});
