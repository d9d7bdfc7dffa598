import type { DeadLetterLine } from "./dead-letters.ts";
import type { Listing } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import { REVIEWERS, type Reviewer, type Verdict } from "./messages.ts";
import { painterFor, printable, type Screen } from "./paint.ts";
import { type Progress, progressBar, progressText } from "./progress.ts";
import { inWords, verdictTable } from "./table.ts";
import type { WorkerReport } from "./timesheets.ts";
import { createTrace, LEGEND } from "./trace.ts";
import type { Sighting } from "./viewer.ts";
import { counted } from "./words.ts";
import { workTable } from "./work-table.ts";

/** In a pipe, progress is told this often for each stage. */
const PROGRESS_STEPS = 10;
/** Folders of up to this size need no word on progress. */
const SMALL = 20;
/** Milliseconds after which a bar that has changed is drawn again. */
const REDRAW_MS = 50;
/** Characters of a line on a terminal that does not say how wide it is. */
const COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[K";

/** What the user sees. In a pipe it only ever adds lines; on a terminal the last line shows the progress. */
export interface Terminal {
  /** What is about to happen, and where; the clock starts. */
  begin(listing: Listing, setting: readonly string[]): void;
  /** One message passed. */
  trace(sighting: Sighting): void;
  /** So many files have come through a stage. */
  progress(stage: Progress["stage"], done: number, total: number): void;
  /** What has come out. */
  finish(
    ledger: Ledger,
    reports: readonly WorkerReport[],
    deadLetters: readonly DeadLetterLine[],
  ): void;
  /** One line. */
  say(text: string): void;
}

/** A terminal that writes to `screen` and looks at the clock `now`, in milliseconds. */
export function createTerminal(
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Terminal {
  const paint = painterFor(screen, env);
  let trace = createTrace(paint, 0);
  let startedAt = now();
  const isLive = screen.isTTY === true && env.TERM !== "dumb";
  let status = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  let stage = { name: "", startedAt, step: 0 };

  function say(text: string): void {
    screen.write(status === "" ? `${text}\n` : `${CLEAR_LINE}${text}\n${status}`);
  }

  function showStatus(text: string): void {
    status = text;
    drawnAt = now();
    screen.write(`${CLEAR_LINE}${text}`);
  }

  function showBar(progress: Progress): void {
    if (progress.done === progress.total) return showStatus("");
    if (now() - drawnAt < REDRAW_MS) return;
    showStatus(paint("bold", progressBar(progress, screen.columns ?? COLUMNS)));
  }

  function showLine(progress: Progress): void {
    const step = Math.floor((progress.done * PROGRESS_STEPS) / progress.total);
    if (progress.total > SMALL && step > stage.step) say(progressText(progress));
    stage.step = step;
  }

  return {
    say,
    begin(listing, setting) {
      startedAt = now();
      trace = createTrace(paint, listing.paths.length);
      say(`${paint("bold", "review")} of ${printable(listing.folder)}`);
      for (const line of aboutListing(listing)) say(`  ${line}`);
      for (const line of setting) say(`  ${line}`);
      say(`  ${LEGEND}\n`);
    },
    trace(sighting) {
      const line = trace(sighting, now() - startedAt);
      if (line !== undefined) say(line);
    },
    progress(name, done, total) {
      if (name !== stage.name) stage = { name, startedAt: now(), step: 0 };
      const progress = { stage: name, done, total, elapsedMs: now() - stage.startedAt };
      if (isLive) showBar(progress);
      else showLine(progress);
    },
    finish(ledger, reports, deadLetters) {
      const seconds = ((now() - startedAt) / 1000).toFixed(1);
      say("");
      for (const line of verdictTable(ledger.verdicts(), paint)) say(line);
      say("");
      const [head = "", ...rows] = workTable(reports);
      for (const line of [paint("bold", head), ...rows]) say(line);
      say("");
      for (const [name, text] of totals(ledger, deadLetters, seconds)) {
        say(`${paint("bold", name.padEnd(12))}  ${text}`);
      }
    },
  };
}

function aboutListing({ paths, leftOut, isCut }: Listing): string[] {
  const left = [...leftOut].map(([reason, count]) => `${count} ${reason}`);
  const lines = [
    `${counted(paths.length, "file")}${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}`,
  ];
  if (isCut) lines.push(`the folder holds more; these are the first ${paths.length}`);
  return lines;
}

function totals(
  ledger: Ledger,
  deadLetters: readonly DeadLetterLine[],
  seconds: string,
): [string, string][] {
  const verdicts = ledger.verdicts();
  const changes = verdicts.reduce((sum, verdict) => sum + verdict.reconsidered, 0);
  const asked = ledger.traffic.get("review.justify") ?? 0;
  return [
    ["files", `${verdicts.length}: ${inWords(verdicts)}`],
    ["findings", REVIEWERS.map((reviewer) => findingsOf(reviewer, verdicts)).join(", ")],
    [
      "asked back",
      `${counted(asked, "time")}; ${counted(changes, "finding")} softened or withdrawn`,
    ],
    ["messages", trafficText(ledger.traffic)],
    ["dead letters", `${deadLetters.length}`],
    ...deadLetters.map((letter): [string, string] => ["", deadLetterText(letter)]),
    ["time", `${seconds} s`],
  ];
}

function findingsOf(reviewer: Reviewer, verdicts: readonly Verdict[]): string {
  const counts = verdicts.map(({ opinions }) => {
    return opinions.find((opinion) => opinion.reviewer === reviewer)?.findings ?? 0;
  });
  return `${counts.reduce((sum, count) => sum + count, 0)} by ${reviewer}`;
}

function trafficText(traffic: ReadonlyMap<string, number>): string {
  const counts = [...traffic].map(([name, count]) => `${count} ${name.replace(/^review\./, "")}`);
  const sum = [...traffic.values()].reduce((total, count) => total + count, 0);
  return `${sum}: ${counts.join(", ")}`;
}

function deadLetterText({ messageType, target, code, text }: DeadLetterLine): string {
  return printable(`${messageType} to ${target}: ${code}: ${text}`);
}
