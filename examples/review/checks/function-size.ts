import { excessOver, type Finding, rate, type Scale } from "../findings.ts";
import { type FunctionMeasure, measureFunctions } from "./functions.ts";
import type { Syntax } from "./language.ts";
import type { Token } from "./tokens.ts";

/** Lines of code of its own that a function may have. */
const LINES: Scale = { note: 40, warn: 60, block: 120 };
/** Ways through a function that its reader has to think of. */
const PATHS: Scale = { note: 10, warn: 15, block: 30 };

/** Finds functions that are too long or branch too much. */
export function checkFunctionSize(tokens: readonly Token[], syntax: Syntax): Finding[] {
  const measures = measureFunctions(tokens, syntax);
  const found = measures.flatMap((measure) => [tooLong(measure), tooComplex(measure)]);
  return found.filter((finding) => finding.severity !== "pass");
}

function tooLong({ name, line, lines }: FunctionMeasure): Finding {
  const text = `${shown(name)} has ${lines} lines of its own`;
  const [severity, excess] = [rate(lines, LINES), excessOver(lines, LINES)];
  return { check: "long function", severity, line, text, excess };
}

function tooComplex({ name, line, paths }: FunctionMeasure): Finding {
  const text = `${shown(name)} has ${paths} ways through it`;
  const [severity, excess] = [rate(paths, PATHS), excessOver(paths, PATHS)];
  return { check: "complex function", severity, line, text, excess };
}

/** Machine-made names can be of any length. */
function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}
