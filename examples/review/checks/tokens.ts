import type { Syntax } from "./language.ts";

/** A piece of a source file. Literals and comments keep their text, so that braces in them count for nothing. */
export interface Token {
  readonly kind: "word" | "punctuation" | "literal" | "comment";
  readonly text: string;
  /** Line that it begins on, from 1. */
  readonly line: number;
  /** Line that it ends on; another one for block comments and literals of several lines. */
  readonly lastLine: number;
}

/** Whether `token` is this piece of punctuation. */
export function isPunctuation(token: Token | undefined, text: string): boolean {
  return token?.kind === "punctuation" && token.text === text;
}

const SPACE = /\s+/y;
const WORD = /[\p{L}_$@][\p{L}\p{N}_$]*/uy;
const NUMBER = /\d[\w.]*/y;
// Only those that change what a brace or a question mark means; everything else is read character by character.
const OPERATOR = /=>|->|\?\.|\?\?|&&|\|\||./suy;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const REGEX_AFTER_WORD = new Set(
  "return typeof case in of delete void throw do else instanceof yield await".split(" "),
);
// Deeper ones are read as text: a file must not be able to exhaust the stack.
const DEEPEST_TEMPLATE = 50;

/**
 * Cuts a source file into tokens. It is no compiler: a literal that never ends is taken to end with its line (a
 * template: with the file), so that one misreading stays small.
 */
export function tokenize(text: string, syntax: Syntax): Token[] {
  return new Scanner(text, syntax).scan();
}

class Scanner {
  readonly #text: string;
  readonly #syntax: Syntax;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #templates = 0;

  constructor(text: string, syntax: Syntax) {
    this.#text = text;
    this.#syntax = syntax;
  }

  scan(): Token[] {
    while (this.#at < this.#text.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    if (this.#skip(SPACE) || this.#comment() || this.#literal()) return;
    if (this.#take(WORD, "word") || this.#take(NUMBER, "literal")) return;
    this.#take(OPERATOR, "punctuation");
  }

  #comment(): boolean {
    const { lineComment, blockComments } = this.#syntax;
    if (lineComment !== undefined && this.#text.startsWith(lineComment, this.#at)) {
      return this.#emit("comment", this.#endOfLine());
    }
    if (!blockComments || !this.#text.startsWith("/*", this.#at)) return false;
    return this.#emit("comment", this.#after("*/", this.#at + 2));
  }

  #literal(): boolean {
    const first = this.#text.charAt(this.#at);
    if (first === "/" && this.#syntax.regex && this.#mayBeginRegex()) {
      return this.#take(REGEX, "literal");
    }
    if (this.#text.startsWith('"""', this.#at)) {
      return this.#emit("literal", this.#after('"""', this.#at + 3));
    }
    if (this.#syntax.quotes.includes(first)) return this.#emit("literal", this.#endOfQuote(first));
    if (first !== "`" || this.#syntax.backtick === undefined) return false;
    if (this.#syntax.backtick === "template") return this.#template();
    return this.#emit("literal", this.#after("`", this.#at + 1));
  }

  /** Reads a template; the code inside `${…}` yields tokens of its own, the enclosing braces none. */
  #template(): boolean {
    let end = this.#at + 1;
    this.#templates++;
    while (end < this.#text.length && this.#text[end] !== "`") {
      if (this.#text.startsWith("${", end) && this.#templates <= DEEPEST_TEMPLATE) {
        this.#emit("literal", end + 2);
        this.#untilClosingBrace();
        end = this.#at;
      } else {
        end += this.#text[end] === "\\" ? 2 : 1;
      }
    }
    this.#templates--;
    return this.#emit("literal", Math.min(end + 1, this.#text.length));
  }

  #untilClosingBrace(): void {
    let depth = 1;
    while (this.#at < this.#text.length) {
      const before = this.#tokens.length;
      const here = this.#text[this.#at];
      if (here === "}" && depth === 1) return;
      this.#next();
      const last = this.#tokens[before];
      if (last?.kind === "punctuation" && last.text === "{") depth++;
      if (last?.kind === "punctuation" && last.text === "}") depth--;
    }
  }

  /** A slash after a value divides; after an operator, an opening bracket or some keywords it begins an expression. */
  #mayBeginRegex(): boolean {
    const last = this.#tokens.findLast((token) => token.kind !== "comment");
    if (last === undefined) return true;
    if (last.kind === "word") return REGEX_AFTER_WORD.has(last.text);
    return last.kind === "punctuation" && !")]}".includes(last.text);
  }

  #endOfQuote(quote: string): number {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== "\n") {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    const closed = this.#text[end] === quote;
    return Math.min(closed ? end + 1 : end, this.#text.length);
  }

  #endOfLine(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #after(mark: string, from: number): number {
    const at = this.#text.indexOf(mark, from);
    return at < 0 ? this.#text.length : at + mark.length;
  }

  #skip(pattern: RegExp): boolean {
    const found = this.#match(pattern);
    if (found === undefined) return false;
    this.#advance(this.#at + found.length);
    return true;
  }

  #take(pattern: RegExp, kind: Token["kind"]): boolean {
    const found = this.#match(pattern);
    return found !== undefined && this.#emit(kind, this.#at + found.length);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  #emit(kind: Token["kind"], end: number): true {
    const line = this.#line;
    const text = this.#text.slice(this.#at, end);
    this.#advance(end);
    this.#tokens.push({ kind, text, line, lastLine: this.#line });
    return true;
  }

  #advance(end: number): void {
    for (let at = this.#at; at < end; at++) if (this.#text[at] === "\n") this.#line++;
    this.#at = end;
  }
}
