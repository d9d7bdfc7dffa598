import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { apiReport } from "./api-report.mjs";
import { documentationProblems } from "./documentation.mjs";
import { readPublicApi } from "./public-api.mjs";

/**
 * The API of three packages, of which the host declares something.
 * @param {Record<string, string>} declarations the host's, by file
 */
function apiOf(declarations) {
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "agentmesh-api-")));
  const write = (/** @type {string} */ file, /** @type {string} */ text) => {
    mkdirSync(path.dirname(path.join(top, file)), { recursive: true });
    writeFileSync(path.join(top, file), text);
  };
  for (const folder of ["proto", "host", "worker-sdk"]) {
    const exports = folder === "host" ? { ".": { types: "./dist/index.d.ts" } } : {};
    write(`${folder}/package.json`, JSON.stringify({ name: `@agentmesh/${folder}`, exports }));
  }
  for (const [file, text] of Object.entries(declarations)) write(`host/dist/${file}`, text);
  const api = readPublicApi(top);
  rmSync(top, { recursive: true });
  return api;
}

/** @param {Record<string, string>} declarations */
function reportOf(declarations) {
  const host = apiOf(declarations).packages.find(({ folder }) => folder === "host");
  return host === undefined ? "" : apiReport(host);
}

/** The compiler reads its own library first, which takes its time on a busy machine. */
const LONG = { timeout: 30_000 };

/** A door that opens onto everything that a report has to tell apart. */
const HOUSE = {
  "index.d.ts": `
    export { f } from "./f.ts";
    export type { A } from "./a.ts";`,
  "a.d.ts": `
    /** An A. */
    export declare class A {
      #private;
      private c;
      protected k: string;
      constructor(d: string);
      /** E. */
      e(): void;
    }`,
  "f.d.ts": `
    import type { G } from "./g.ts";
    export declare function f(): Promise<G>;
    export type H = 1;`,
  "g.d.ts": `
    export interface G {
      readonly i: string;
    }
    export interface J {}`,
};

/** Every mistake once, and beside it what is right. */
const COMMENTS = `
  export interface Bare {
    /** B. */
    readonly b: string;
    readonly bare: string;
  }
  /** Part of a union. */
  export type Part =
    | {
        /** B. */
        b: string;
      }
    | { part: string };
  /** Units. */
  export interface Units {
    /** Wait. */
    waitMs: number;
    /** Size. */
    sizeBytes: number;
    /** Milliseconds to wait. */
    otherMs: number;
  }
  /** Options. */
  export interface SomeOptions {
    /** C. */
    silent?: string;
    /** D. Default: none. */
    told?: string;
  }
  /** Waits. */
  export declare function fails(): Promise<void>;
  /** Waits. @throws Error always. */
  export declare function failsKnown(): Promise<void>;
  /** Inherits its comments. */
  export declare class Heir implements Waiting {
    wait(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
  }
  /** What is inherited. */
  export interface Waiting {
    /**
     * Waits.
     * @throws Error always.
     */
    wait(): Promise<void>;
  }
  /** Every method throws an Error. */
  export declare class Throws {
    /** Waits. */
    wait(): Promise<void>;
  }
`;

describe("the API report", () => {
  const report = reportOf(HOUSE);

  it("lists names in order, without comments and without what users cannot see", () => {
    const [exported] = report.split("## Not exported");
    expect(exported).toContain(
      "```ts\nclass A {\n  e(): void;\n}\n\nfunction f(): Promise<G>;\n```",
    );
  });

  it("shows what the names lean on, and nothing else that is not exported", () => {
    const [, hidden = ""] = report.split("## Not exported");
    expect(hidden).toContain("interface G {\n  readonly i: string;\n}");
    expect(report).not.toMatch(/type H|interface J/);
  });
});

it("public names say what they are, their unit, their default and errors", LONG, () => {
  const problems = documentationProblems(apiOf({ "index.d.ts": COMMENTS }));
  expect(problems.map((line) => line.replace(/^\S+:\d+ /, ""))).toEqual([
    "fails does not say with which errors it fails",
    "Bare does not say what it is",
    "Bare.bare does not say what it is",
    "Part.part does not say what it is",
    "Units.waitMs does not say its unit, milliseconds",
    "Units.sizeBytes does not say its unit, bytes",
    "SomeOptions.silent does not say its default",
  ]);
});
