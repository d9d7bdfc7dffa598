import { type Finding, rate, type Scale } from "../findings.ts";
import type { Syntax } from "./language.ts";
import { isPunctuation, type Token } from "./tokens.ts";

/** Names without a word on them that a file may offer to others. */
const SILENT: Scale = { note: 0, warn: 9, block: Number.POSITIVE_INFINITY };
/** Names that a finding lists. */
const LISTED = 4;

const MODIFIERS = new Set("default async abstract declare".split(" "));
const DECLARING = new Set("function class interface type const let var enum".split(" "));
/** What may stand between the declaring word and the name. */
const BEFORE_NAME = new Set(["*", "enum"]);
const GO_DECLARING = new Set("func type const var".split(" "));
const CAPITAL = /^\p{Lu}/u;

/** A name that a file offers to others. */
interface Export {
  readonly name: string;
  readonly line: number;
  /** Whether a comment stands right above it, or above the group that it belongs to. */
  readonly isExplained: boolean;
}

/** Finds out which names others may use without being told what they are for. */
export function checkExports(tokens: readonly Token[], syntax: Syntax): Finding[] {
  const exported = exportsOf(tokens, syntax);
  // An overload, or a type that goes with a value of its name, is explained by either of them.
  const explained = new Set(exported.filter((one) => one.isExplained).map((one) => one.name));
  const silent = exported.filter(({ name }) => !explained.has(name));
  const names = [...new Set(silent.map(({ name }) => name))];
  const [first] = silent;
  if (first === undefined) return [];
  const listed = [...names.slice(0, LISTED), ...(names.length > LISTED ? ["…"] : [])].join(", ");
  const text = `nothing explains ${listed}`;
  const severity = rate(names.length, SILENT);
  return [{ check: "undocumented exports", severity, line: first.line, text, excess: 1 }];
}

function exportsOf(tokens: readonly Token[], syntax: Syntax): Export[] {
  const nameAt = { keyword: keywordName, capital: capitalName, none: () => undefined };
  const readName = nameAt[syntax.exports ?? "none"];
  let depth = 0;
  let last: Export | undefined;
  return tokens.flatMap((token, at): Export[] => {
    depth += depthChange(token);
    const name = depth === 0 && token.kind === "word" ? readName(tokens, at) : undefined;
    if (name === undefined) return [];
    last = { name, line: token.line, isExplained: isExplained(token, tokens[at - 1], last) };
    return [last];
  });
}

function isExplained(token: Token, above: Token | undefined, last: Export | undefined): boolean {
  if (above === undefined || above.lastLine < token.line - 1) return false;
  return above.kind === "comment" || (last?.isExplained ?? false);
}

function depthChange(token: Token): number {
  if (token.kind !== "punctuation") return 0;
  if ("{([".includes(token.text)) return 1;
  return "})]".includes(token.text) ? -1 : 0;
}

/** `export` and what it declares; lists of names and re-exports are explained where they are declared. */
function keywordName(tokens: readonly Token[], from: number): string | undefined {
  const textAt = (at: number): string => tokens[at]?.text ?? "";
  if (textAt(from) !== "export") return undefined;
  let at = from + 1;
  while (MODIFIERS.has(textAt(at))) at++;
  if (!DECLARING.has(textAt(at))) return undefined;
  do at++;
  while (BEFORE_NAME.has(textAt(at)));
  return tokens[at]?.kind === "word" ? textAt(at) : undefined;
}

/** A declaration whose name begins with a capital; of a method, the name behind its receiver. */
function capitalName(tokens: readonly Token[], from: number): string | undefined {
  if (!GO_DECLARING.has(tokens[from]?.text ?? "")) return undefined;
  let at = from + 1;
  if (isPunctuation(tokens[at], "(")) {
    while (at < tokens.length && !isPunctuation(tokens[at], ")")) at++;
    at++;
  }
  const name = tokens[at];
  return name?.kind === "word" && CAPITAL.test(name.text) ? name.text : undefined;
}
