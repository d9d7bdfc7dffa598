import { ANONYMOUS, assignedName, type Header, type HeaderReader } from "./header.ts";
import { isPunctuation, type Token } from "./tokens.ts";

const CONTROL = new Set("if for foreach while switch catch with synchronized elseif".split(" "));
const NAMELESS = new Set("function async return await yield typeof of in".split(" "));
// After one of these a pair of parentheses creates or extends something; no function begins there.
const NO_FUNCTION_AFTER = new Set("new extends implements class record object".split(" "));
// A word that begins something else: the parentheses before it were no header after all.
const BEGINS_ANEW = new Set(
  `class interface enum struct namespace object else do try finally return const let var export
  import function async throw new yield static type`.split(/\s+/),
);
// Right after a closing parenthesis these go on with a value.
const GOES_ON = new Set([".", "?.", "?", "&&", "||", "??"]);
const ENDS_HEADER = new Set([";", "=", "+", "-", "/", "!", "%", "^", "~"]);
const TYPE_FOLLOWS = new Set([":", "|", "&", "<", ","]);
const REACH = 64;

/**
 * Finds functions by the parentheses before their brace, with room for a type between them:
 * `name(a: string): Promise<{ b: number }> {`, `(a) => {`, `int name(int a) const {`.
 */
export function parenthesesHeaders(code: readonly Token[]): HeaderReader {
  // What is pending again once the bracket is closed; a round one that follows a name closes into its header.
  const brackets: (Header | undefined)[] = [];
  let pending: Header | undefined;

  function open(resume: Header | undefined): undefined {
    brackets.push(resume);
    pending = undefined;
  }

  function openBrace(at: number): Header | undefined {
    const previous = code[at - 1];
    const header = pending;
    if (isPunctuation(previous, "=>")) {
      open(undefined);
      return header ?? arrowHeader(code, at - 2);
    }
    if (previous?.kind === "punctuation" && TYPE_FOLLOWS.has(previous.text)) return open(header);
    open(undefined);
    return mayEndHeader(previous) ? header : undefined;
  }

  function readPunctuation(at: number, text: string): Header | undefined {
    if (text === "{") return openBrace(at);
    if (text === "[") return open(pending);
    if (text === "(") return open(inType(code, at, pending) ? pending : headerBefore(code, at));
    if (")]}".includes(text)) pending = brackets.pop();
    else if (ends(code, at)) pending = undefined;
    return undefined;
  }

  return (at) => {
    const token = code[at];
    if (token?.kind === "punctuation") return readPunctuation(at, token.text);
    if (token?.kind === "word" && BEGINS_ANEW.has(token.text)) pending = undefined;
    return undefined;
  };
}

function ends(code: readonly Token[], at: number): boolean {
  const text = code[at]?.text ?? "";
  if (text === "=>") return !isPunctuation(code[at + 1], "{");
  if (GOES_ON.has(text)) return isPunctuation(code[at - 1], ")");
  return ENDS_HEADER.has(text);
}

function mayEndHeader(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return token.kind !== "punctuation" || ")>]}*?".includes(token.text);
}

/** Whether the parenthesis at `at` belongs to the type that a pending header returns. */
function inType(code: readonly Token[], at: number, pending: Header | undefined): boolean {
  const previous = code[at - 1];
  if (pending === undefined || previous?.kind !== "punctuation") return false;
  return TYPE_FOLLOWS.has(previous.text);
}

function headerBefore(code: readonly Token[], at: number): Header | undefined {
  const end = beforeTypeParameters(code, at - 1);
  const name = code[end];
  const line = (name ?? code[at])?.line ?? 1;
  if (name?.kind !== "word" || NAMELESS.has(name.text)) {
    if (name?.text === "await" && code[end - 1]?.text === "for") return undefined;
    return { name: assignedName(code, end), line };
  }
  const before = code[end - 1];
  if (CONTROL.has(name.text) && !isPunctuation(before, ".")) return undefined;
  if (before?.kind === "word" && NO_FUNCTION_AFTER.has(before.text)) return undefined;
  return { name: name.text, line };
}

/** Skips `<T, U>` backwards. */
function beforeTypeParameters(code: readonly Token[], end: number): number {
  if (!isPunctuation(code[end], ">")) return end;
  let depth = 0;
  for (let at = end; at >= Math.max(0, end - REACH); at--) {
    if (isPunctuation(code[at], ">")) depth++;
    if (isPunctuation(code[at], "<")) depth--;
    if (depth === 0) return at - 1;
  }
  return end;
}

/** The header of `name => {`, whose parameter stands without parentheses at `at`. */
function arrowHeader(code: readonly Token[], at: number): Header {
  const parameter = code[at];
  const name = parameter?.kind === "word" ? assignedName(code, at - 1) : ANONYMOUS;
  return { name, line: parameter?.line ?? 1 };
}
