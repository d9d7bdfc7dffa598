import { describe, expect, it } from "vitest";
import { createLedger } from "./ledger.ts";
import { createTerminal } from "./terminal.ts";
import type { Sighting } from "./viewer.ts";

const ESCAPE = "\u001b";
const CLEAR_LINE = `\r${ESCAPE}[K`;

function sighting(path: string, message = "review.requested"): Sighting {
  return { step: "event", from: "a", to: "b", message, path, text: "" };
}

/** A terminal whose clock is turned by hand. */
function onScreen(files: number, { isTTY = false, columns = 80 } = {}) {
  let shown = "";
  const screen = {
    isTTY,
    columns,
    write(text: string) {
      shown += text;
    },
  };
  const clock = { nowMs: 0 };
  const terminal = createTerminal(screen, { NO_COLOR: "1" }, () => clock.nowMs);
  const paths = Array.from({ length: files }, (_, at) => `file-${at}.ts`);
  terminal.begin({ folder: "/f", paths, leftOut: new Map(), isCut: false }, ["here", "and there"]);
  return { terminal, paths, clock, text: () => shown, lines: () => shown.split("\n") };
}

describe("a terminal in a pipe", () => {
  it("begins with the folder and where everything runs", () => {
    const [title, files, ...setting] = onScreen(2).lines();
    expect(title).toBe("review of /f");
    expect(files).toBe("  2 files");
    expect(setting.slice(0, 2)).toEqual(["  here", "  and there"]);
  });

  it("shows every message of a small folder, one line each, and no progress", () => {
    const { terminal, paths, lines } = onScreen(10);
    for (const [at, path] of paths.entries()) {
      terminal.trace(sighting(path));
      terminal.progress("reviewed", at + 1, paths.length);
    }
    expect(lines().filter((line) => line.includes("review.requested"))).toHaveLength(10);
    expect(lines().filter((line) => line.includes("of 10 files"))).toEqual([]);
  });

  it("stays readable with ten thousand files, without any control character", () => {
    const { terminal, paths, text, lines } = onScreen(10_000);
    for (const stage of ["indexed", "reviewed"] as const) {
      for (const [at, path] of paths.entries()) {
        terminal.trace(sighting(path));
        terminal.progress(stage, at + 1, paths.length);
      }
    }
    expect(text()).not.toContain(ESCAPE);
    expect(text()).not.toContain("\r");
    expect(lines().filter((line) => line.includes("review.requested"))).toHaveLength(7);
    const progress = lines().filter((line) => line.includes("of 10000 files"));
    expect(progress).toHaveLength(20);
    expect(progress[9]).toBe("10000 of 10000 files indexed");
    expect(progress[10]).toBe("1000 of 10000 files reviewed");
  });

  it("tells who did how much, totals and dead letters", () => {
    const { terminal, lines, text } = onScreen(1);
    const ledger = createLedger();
    ledger.saw(sighting("a.ts", "review.justify"));
    ledger.settled({
      path: "a.ts",
      decision: "approve",
      opinions: [{ reviewer: "structure", severity: "note", findings: 2 }],
      reconsidered: 3,
      why: "",
    });
    const tally = { agent: "structure", files: 1, messages: 2, workMs: 3 };
    const letter = {
      target: "hygiene/a.ts",
      messageType: "review.requested",
      code: "HANDLER_FAILED",
      text: "oh",
    };
    terminal.finish(ledger, [{ worker: "reviewer-1", tallies: [tally] }], [letter]);
    expect(lines()).toContain("reviewer-1  structure      1         2  0.00 s");
    expect(lines()).toContain("files         1: 1 approve");
    expect(lines()).toContain("findings      2 by structure, 0 by hygiene, 0 by documentation");
    expect(text()).toContain("1 time; 3 findings softened or withdrawn");
    expect(text()).toContain("review.requested to hygiene/a.ts: HANDLER_FAILED: oh");
  });
});

describe("a terminal of its own", () => {
  it("draws a bar in the last line, below everything else, and takes it away at the end", () => {
    const { terminal, text } = onScreen(2, { isTTY: true });
    terminal.progress("reviewed", 1, 2);
    const bar = `${"█".repeat(20)}${"░".repeat(20)}  1 of 2 files reviewed`;
    expect(text().endsWith(`${CLEAR_LINE}${bar}`)).toBe(true);
    terminal.say("something else");
    expect(text().endsWith(`${CLEAR_LINE}something else\n${bar}`)).toBe(true);
    terminal.progress("reviewed", 2, 2);
    terminal.say("done");
    expect(text().endsWith(`${CLEAR_LINE}done\n`)).toBe(true);
  });

  it("draws at most every 50 ms, however fast the files come", () => {
    const { terminal, clock, text } = onScreen(1_000, { isTTY: true });
    for (let done = 1; done < 1_000; done++) {
      clock.nowMs = done;
      terminal.progress("reviewed", done, 1_000);
    }
    expect(text().split(CLEAR_LINE)).toHaveLength(1 + 20);
  });
});
