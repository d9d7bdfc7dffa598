import type { Header, HeaderReader } from "./header.ts";
import { keywordHeaders } from "./keyword-headers.ts";
import type { Syntax } from "./language.ts";
import { parenthesesHeaders } from "./parentheses-headers.ts";
import { isPunctuation, type Token } from "./tokens.ts";

/** What was measured of one function, without the functions inside it. */
export interface FunctionMeasure {
  readonly name: string;
  /** Line that its header begins on. */
  readonly line: number;
  /** Lines of its own that hold code. */
  readonly lines: number;
  /** Ways through it: one, and one more for every branch. */
  readonly paths: number;
}

/** A function whose closing brace has not come yet. */
interface OpenFunction {
  readonly header: Header;
  readonly lines: Set<number>;
  paths: number;
}

const BRANCHES = new Set("if for foreach while case catch && || ??".split(" "));
// After a question mark these say that a type or a parameter is optional; anything else begins the yes of a choice.
const AFTER_OPTIONAL = new Set([":", ")", ",", ";", "=", ">", "]", "|"]);

/** Measures every function with a body in braces, in the order in which they end. */
export function measureFunctions(tokens: readonly Token[], syntax: Syntax): FunctionMeasure[] {
  const code = tokens.filter((token) => token.kind !== "comment");
  const readHeader = headerReader(code, syntax);
  const measured: FunctionMeasure[] = [];
  // One entry per open brace: the function that it is the body of, or undefined for any other brace.
  const braces: (OpenFunction | undefined)[] = [];
  const open: OpenFunction[] = [];
  for (const [at, token] of code.entries()) {
    const header = readHeader(at);
    count(open.at(-1), code, at);
    if (isPunctuation(token, "{")) {
      const body = header === undefined ? undefined : begin(header, token);
      braces.push(body);
      if (body !== undefined) open.push(body);
    } else if (isPunctuation(token, "}") && braces.pop() !== undefined) {
      const ended = open.pop();
      if (ended !== undefined) measured.push(measureOf(ended));
    }
  }
  return measured;
}

function headerReader(code: readonly Token[], syntax: Syntax): HeaderReader {
  if (syntax.functions === "parentheses") return parenthesesHeaders(code);
  return syntax.functions === "keyword" ? keywordHeaders(code) : () => undefined;
}

function begin(header: Header, brace: Token): OpenFunction {
  return { header, lines: new Set([header.line, brace.line]), paths: 1 };
}

function count(innermost: OpenFunction | undefined, code: readonly Token[], at: number): void {
  const token = code[at];
  if (innermost === undefined || token === undefined) return;
  for (let line = token.line; line <= token.lastLine; line++) innermost.lines.add(line);
  if (isBranch(token, code[at - 1], code[at + 1])) innermost.paths++;
}

function isBranch(token: Token, previous: Token | undefined, next: Token | undefined): boolean {
  if (token.kind === "literal" || next === undefined) return false;
  if (isPunctuation(token, "?")) {
    return !(next.kind === "punctuation" && AFTER_OPTIONAL.has(next.text));
  }
  // `promise.catch(…)` and `{ for: 1 }` only look like branches.
  return BRANCHES.has(token.text) && !isPunctuation(previous, ".") && !isPunctuation(next, ":");
}

function measureOf(ended: OpenFunction): FunctionMeasure {
  const { header, lines, paths } = ended;
  return { name: header.name, line: header.line, lines: lines.size, paths };
}
