import { type Paint, printable, type Style } from "./paint.ts";
import type { Sighting } from "./viewer.ts";

/** Of a folder of up to so many files, every message is shown. */
const FEW_FILES = 12;
/** Of a larger one, so many of each name: the rest would bury what matters. */
const SHOWN = 6;
/** More of those that a reader waits for. */
const SHOWN_RARE = 40;
const RARE = new Set(["review.failed", "review.recheck", "review.justify", "review.justified"]);

const ARROWS = { event: "⇒", question: "→", answer: "→", failure: "✗" } as const;
const STYLE_OF_STEP: Readonly<Record<Sighting["step"], Style>> = {
  event: "cyan",
  question: "yellow",
  answer: "yellow",
  failure: "red",
};

/** Explains the arrows. */
export const LEGEND = "⇒ published   → sent directly   ✗ failed";

/** Turns sightings into lines: one each, as long as there are not too many of the same name. */
export type Trace = (sighting: Sighting, elapsedMs: number) => string | undefined;

/** Shows a review of `files` files. */
export function createTrace(paint: Paint, files: number): Trace {
  const seen = new Map<string, number>();
  return (sighting, elapsedMs) => {
    const { message } = sighting;
    const count = (seen.get(message) ?? 0) + 1;
    seen.set(message, count);
    const shown = RARE.has(message) ? SHOWN_RARE : SHOWN;
    if (files <= FEW_FILES || count <= shown) return lineOf(sighting, elapsedMs, paint);
    if (count > shown + 1) return undefined;
    return paint("dim", `         … more ${message}: from now on counted, not shown`);
  };
}

function lineOf(sighting: Sighting, elapsedMs: number, paint: Paint): string {
  const { step, from, to, message, path, text } = sighting;
  const time = `${(elapsedMs / 1000).toFixed(2)}s`.padStart(7);
  const arrow = paint(STYLE_OF_STEP[step], ARROWS[step]);
  const style: Style | undefined =
    step === "failure" || message === "review.failed" ? "red" : undefined;
  const told = printable(text);
  const columns = [
    paint("dim", time),
    `${from.padStart(13)} ${arrow} ${to.padEnd(18)}`,
    message.padEnd(18),
    printable(path),
    style === undefined ? paint("dim", told) : paint(style, told),
  ];
  return columns.join("  ").trimEnd();
}
