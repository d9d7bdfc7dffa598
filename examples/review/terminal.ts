import type { DeadLetterLine } from "./dead-letters.ts";
import type { Listing } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import { painterFor, printable, type Screen } from "./paint.ts";
import { inWords, verdictTable } from "./table.ts";
import { createTrace, LEGEND } from "./trace.ts";
import type { Sighting } from "./viewer.ts";
import { counted } from "./words.ts";

/** In a pipe, progress is told this often. */
const PROGRESS_STEPS = 10;
/** Folders of up to this size need no word on progress. */
const SMALL = 20;
const CLEAR_LINE = "\r\u001b[K";

/** What the user sees. In a pipe it only ever adds lines; on a terminal the last line shows the progress. */
export interface Terminal {
  /** What is about to happen; the clock starts. */
  begin(listing: Listing, setting: string): void;
  /** One message passed. */
  trace(sighting: Sighting): void;
  /** So many files have their verdict. */
  progress(settled: number, total: number): void;
  /** What has come out. */
  finish(ledger: Ledger, deadLetters: readonly DeadLetterLine[]): void;
  /** One line. */
  say(text: string): void;
}

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
  let step = 0;

  function say(text: string): void {
    screen.write(status === "" ? `${text}\n` : `${CLEAR_LINE}${text}\n${status}`);
  }

  function showStatus(text: string): void {
    status = text;
    screen.write(`${CLEAR_LINE}${text}`);
  }

  return {
    say,
    begin(listing, setting) {
      startedAt = now();
      trace = createTrace(paint, listing.paths.length);
      say(`${paint("bold", "review")} of ${printable(listing.folder)}`);
      for (const line of aboutListing(listing)) say(`  ${line}`);
      say(`  ${setting}`);
      say(`  ${LEGEND}\n`);
    },
    trace(sighting) {
      const line = trace(sighting, now() - startedAt);
      if (line !== undefined) say(line);
    },
    progress(settled, total) {
      const text = paint("bold", `${settled} of ${total} files have their verdict`);
      if (isLive) return showStatus(settled === total ? "" : text);
      const reached = Math.floor((settled * PROGRESS_STEPS) / total);
      if (total > SMALL && reached > step) say(text);
      step = reached;
    },
    finish(ledger, deadLetters) {
      const seconds = ((now() - startedAt) / 1000).toFixed(1);
      say("");
      for (const line of verdictTable(ledger.verdicts(), paint)) say(line);
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
    ...ledger
      .workers()
      .map(({ worker, reviewer, files, findings }): [string, string] => [
        worker,
        `${reviewer}: ${counted(findings, "finding")} in ${counted(files, "file")}`,
      ]),
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

function trafficText(traffic: ReadonlyMap<string, number>): string {
  const counts = [...traffic].map(([name, count]) => `${count} ${name.replace(/^review\./, "")}`);
  const sum = [...traffic.values()].reduce((total, count) => total + count, 0);
  return `${sum}: ${counts.join(", ")}`;
}

function deadLetterText({ messageType, target, code, text }: DeadLetterLine): string {
  return printable(`${messageType} to ${target}: ${code}: ${text}`);
}
