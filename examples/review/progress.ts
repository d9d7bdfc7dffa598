import { counted } from "./words.ts";

/** How far something has come. */
export interface Progress {
  /** What has happened to the files that are done. */
  readonly stage: "indexed" | "reviewed";
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

const FULL = "█";
const EMPTY = "░";
const MOST_CELLS = 40;
/** Share of the work that must be done before anyone can say how long the rest takes. */
const ENOUGH_TO_GUESS = 0.05;

/** `3 200 of 10 000 files reviewed`. */
export function progressText({ stage, done, total }: Progress): string {
  return `${done} of ${counted(total, "file")} ${stage}`;
}

/** A bar with its text, in at most `columns` characters: a line that wraps could not be drawn over. */
export function progressBar(progress: Progress, columns: number): string {
  const { done, total } = progress;
  const text = `${progressText(progress)}${timeLeft(progress)}`;
  const cells = Math.min(MOST_CELLS, columns - text.length - 3);
  if (cells < 1) return text.slice(0, Math.max(0, columns - 1));
  const full = Math.floor((cells * done) / total);
  return `${FULL.repeat(full)}${EMPTY.repeat(cells - full)}  ${text}`;
}

function timeLeft({ done, total, elapsedMs }: Progress): string {
  if (done / total < ENOUGH_TO_GUESS) return "";
  const seconds = Math.ceil(((elapsedMs / done) * (total - done)) / 1000);
  return seconds < 2 ? "" : `, ${seconds} s left`;
}
