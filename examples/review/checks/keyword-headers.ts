import { ANONYMOUS, type Header, type HeaderReader } from "./header.ts";
import { isPunctuation, type Token } from "./tokens.ts";

const BEGINS_FUNCTION = new Set(["func", "fn"]);
// What begins or ends a statement: the header before it had no body.
const ENDS_HEADER = new Set([";", "="]);
const BEGINS_ANEW = new Set(["type", "var", "import", "use", "mod", "let"]);
// `interface{}` and `struct{}` are types: the brace after one of these words opens no body.
const BEGINS_TYPE = new Set(["interface", "struct"]);

/** A header whose brace has not come yet, with the number of brackets that were open when it began. */
interface Pending extends Header {
  readonly depth: number;
}

/** Finds functions by the keyword that begins them: `func (r *Router) Route(m Message) error {`, `fn route() {`. */
export function keywordHeaders(code: readonly Token[]): HeaderReader {
  // Several may be pending: the parameters of a function can be functions.
  let pending: Pending[] = [];
  let depth = 0;

  function forget(): void {
    pending = pending.filter((header) => header.depth < depth);
  }

  function readWord(at: number, word: string): void {
    const begins = BEGINS_FUNCTION.has(word);
    if (begins || BEGINS_ANEW.has(word)) forget();
    if (begins) pending.push({ ...headerAt(code, at), depth });
  }

  function openBrace(at: number): Header | undefined {
    const last = pending.at(-1);
    const opensBody = last?.depth === depth && !BEGINS_TYPE.has(code[at - 1]?.text ?? "");
    if (opensBody) pending.pop();
    depth++;
    return opensBody ? last : undefined;
  }

  return (at) => {
    const token = code[at];
    if (token === undefined || token.kind === "literal") return undefined;
    if (token.kind === "word") readWord(at, token.text);
    else if (token.text === "{") return openBrace(at);
    else if ("([".includes(token.text)) depth++;
    else if (")]}".includes(token.text)) {
      forget();
      depth--;
    } else if (ENDS_HEADER.has(token.text)) forget();
    return undefined;
  };
}

function headerAt(code: readonly Token[], at: number): Header {
  const line = code[at]?.line ?? 1;
  const next = code[at + 1];
  if (next?.kind === "word") return { name: next.text, line };
  // `func (r *Router) Route(`: the name follows the receiver. `func(m Message) error {` has none.
  const after = closing(code, at + 1) + 1;
  const name = code[after];
  const isMethod = name?.kind === "word" && isPunctuation(code[after + 1], "(");
  return { name: isMethod ? name.text : ANONYMOUS, line };
}

/** Where the parenthesis that opens at `at` is closed; `at` itself when none opens there. */
function closing(code: readonly Token[], at: number): number {
  let depth = 0;
  for (let here = at; here < code.length; here++) {
    if (isPunctuation(code[here], "(")) depth++;
    if (isPunctuation(code[here], ")")) depth--;
    if (depth === 0) return here;
  }
  return at;
}
