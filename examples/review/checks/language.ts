/** How a family of languages writes what the checks must tell apart: comments, literals, functions. */
export interface Syntax {
  /** What begins a comment that ends with its line. */
  readonly lineComment: "//" | "#" | undefined;
  /** Whether slash-star encloses comments. */
  readonly blockComments: boolean;
  /** Characters that enclose a literal on one line. */
  readonly quotes: string;
  /** What a backtick encloses: a template with `${…}` inside, raw text, or nothing. */
  readonly backtick: "template" | "raw" | undefined;
  /** Whether a slash may begin a regular expression. */
  readonly regex: boolean;
  /**
   * How a function is recognised: by parentheses before its brace (conditions have them too and are told apart by
   * their keyword), by the keyword that begins it, or not at all.
   */
  readonly functions: "parentheses" | "keyword" | undefined;
  /** What tells others that a name is theirs to use: the word `export`, a capital letter, or nothing that is read here. */
  readonly exports: "keyword" | "capital" | undefined;
}

const C_LIKE: Syntax = {
  lineComment: "//",
  blockComments: true,
  quotes: "\"'",
  backtick: undefined,
  regex: false,
  functions: "parentheses",
  exports: undefined,
};
const JAVASCRIPT: Syntax = { ...C_LIKE, backtick: "template", regex: true, exports: "keyword" };
const GO: Syntax = { ...C_LIKE, backtick: "raw", functions: "keyword", exports: "capital" };
// A single quote also begins a lifetime in Rust, so that it cannot count as a quote.
const RUST: Syntax = { ...C_LIKE, quotes: '"', functions: "keyword" };
const HASH: Syntax = {
  ...C_LIKE,
  lineComment: "#",
  blockComments: false,
  functions: undefined,
};
const PROTO: Syntax = { ...C_LIKE, functions: undefined };

const BY_EXTENSION: ReadonlyMap<string, Syntax> = new Map([
  ...each("ts tsx mts cts js jsx mjs cjs", JAVASCRIPT),
  ...each("java kt kts scala cs c h cc cpp cxx hpp dart php", C_LIKE),
  ...each("go", GO),
  ...each("rs swift", RUST),
  ...each("py rb sh bash yaml yml toml tf", HASH),
  ...each("proto css", PROTO),
]);

function each(extensions: string, syntax: Syntax): [string, Syntax][] {
  return extensions.split(" ").map((extension) => [extension, syntax]);
}

/** The syntax of the file at `path` by its extension; undefined for prose, data and what is unknown. */
export function syntaxOf(path: string): Syntax | undefined {
  return BY_EXTENSION.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase());
}

/** Whether the file at `path` holds prose in Markdown. */
export function isMarkdown(path: string): boolean {
  return /\.(?:md|mdx|markdown)$/i.test(path);
}

/** Whether the file at `path` holds code whose functions and blocks can be compared. */
export function isCode(path: string): boolean {
  return syntaxOf(path)?.functions !== undefined;
}
