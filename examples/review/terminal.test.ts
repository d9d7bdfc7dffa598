import { describe, expect, it } from "vitest";
import { createLedger } from "./ledger.ts";
import type { Verdict } from "./messages.ts";
import { painterFor, printable } from "./paint.ts";
import { verdictTable } from "./table.ts";
import { createTerminal } from "./terminal.ts";
import type { Sighting } from "./viewer.ts";

const ESCAPE = "\u001b";

function verdict(path: string, over: Partial<Verdict> = {}): Verdict {
  return {
    path,
    decision: "approve",
    opinions: [
      { reviewer: "structure", severity: "pass", findings: 0 },
      { reviewer: "hygiene", severity: "note", findings: 2 },
    ],
    reconsidered: 0,
    why: "",
    ...over,
  };
}

function sighting(path: string, message = "review.requested"): Sighting {
  return { step: "event", from: "a", to: "b", message, path, text: "" };
}

function onScreen(isTTY: boolean, files: number, env: Record<string, string> = {}) {
  let shown = "";
  const screen = {
    isTTY,
    write(text: string) {
      shown += text;
    },
  };
  const terminal = createTerminal(screen, env, () => 0);
  const paths = Array.from({ length: files }, (_, at) => `file-${at}.ts`);
  terminal.begin({ folder: "/f", paths, leftOut: new Map(), isCut: false }, "here");
  return { terminal, paths, text: () => shown, lines: () => shown.split("\n") };
}

describe("terminal", () => {
  it("shows every message of a small folder, one line each", () => {
    const { terminal, paths, lines } = onScreen(false, 10);
    for (const path of paths) terminal.trace(sighting(path));
    expect(lines().filter((line) => line.includes("review.requested"))).toHaveLength(10);
  });

  it("stays readable with a thousand files, in a pipe without any control character", () => {
    const { terminal, paths, text, lines } = onScreen(false, 1_000);
    for (const [at, path] of paths.entries()) {
      terminal.trace(sighting(path));
      terminal.progress(at + 1, paths.length);
    }
    expect(text()).not.toContain(ESCAPE);
    expect(text()).not.toContain("\r");
    expect(lines().filter((line) => line.includes("review.requested"))).toHaveLength(7);
    expect(lines().filter((line) => line.includes("of 1000 files"))).toHaveLength(10);
  });

  it("shows progress in the last line of a terminal and takes it away at the end", () => {
    const { terminal, text } = onScreen(true, 2, { NO_COLOR: "1" });
    terminal.progress(1, 2);
    expect(text().endsWith("1 of 2 files have their verdict")).toBe(true);
    terminal.trace(sighting("a.ts"));
    expect(text().endsWith("1 of 2 files have their verdict")).toBe(true);
    terminal.progress(2, 2);
    terminal.say("done");
    expect(text().endsWith("\r\u001b[Kdone\n")).toBe(true);
  });

  it("tells totals and dead letters", () => {
    const { terminal, text } = onScreen(false, 1);
    const ledger = createLedger(["a.ts"]);
    ledger.heard({ reviewer: "structure", worker: "structure-2", findings: [], facts: [] });
    ledger.saw(sighting("a.ts", "review.justify"));
    ledger.settled(verdict("a.ts", { reconsidered: 3 }));
    const target = "hygiene/a.ts";
    const letter = { target, messageType: "review.requested", code: "HANDLER_FAILED", text: "oh" };
    terminal.finish(ledger, [letter]);
    expect(text()).toContain("1: 1 approve");
    expect(text()).toMatch(/structure-2\s+structure: 0 findings in 1 file$/m);
    expect(text()).toContain("1 time; 3 findings softened or withdrawn");
    expect(text()).toContain("review.requested to hygiene/a.ts: HANDLER_FAILED: oh");
  });
});

describe("painterFor", () => {
  it("paints on terminals only, and not where NO_COLOR is set", () => {
    const write = () => undefined;
    expect(painterFor({ write, isTTY: true }, {})("red", "x")).toBe(`${ESCAPE}[31mx${ESCAPE}[0m`);
    expect(painterFor({ write, isTTY: true }, { NO_COLOR: "" })("red", "x")).toContain(ESCAPE);
    expect(painterFor({ write, isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(painterFor({ write, isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
    expect(painterFor({ write }, {})("red", "x")).toBe("x");
  });

  it("takes the power of steering the terminal from file names", () => {
    expect(printable(`a${ESCAPE}[2Jb\n\u202ec`)).toBe("a·[2Jb··c");
  });
});

describe("verdictTable", () => {
  it("puts first what asks for something and aligns the columns", () => {
    const lines = verdictTable(
      [
        verdict("a.ts"),
        verdict("long/name.ts", { decision: "request changes", why: "secret, line 1: AKIA…" }),
        verdict("b.ts", { why: "no opinion from hygiene", decision: "comment" }),
      ],
      (_, text) => text,
    );
    expect(lines).toEqual([
      "verdict          file          structure  hygiene   why",
      "request changes  long/name.ts  pass       note (2)  secret, line 1: AKIA…",
      "comment          b.ts          pass       note (2)  no opinion from hygiene",
      "approve          a.ts          pass       note (2)",
    ]);
  });

  it("counts what does not fit", () => {
    const verdicts = Array.from({ length: 50 }, (_, at) => verdict(`${at}.ts`));
    const lines = verdictTable(verdicts, (_, text) => text);
    expect(lines).toHaveLength(32);
    expect(lines.at(-1)).toBe("… and 20 approve more");
  });
});
