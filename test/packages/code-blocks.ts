/** The code of a document: programs, by the names that they bear, and commands. */

/** A file of a TypeScript block: what follows a line `// name.ts`. A block holds one file, or several. */
export interface Program {
  /** Name of the file. */
  readonly file: string;
  readonly text: string;
  /** What it prints: the comments behind its calls of `console.log`. */
  readonly prints: readonly string[];
}

/** A line of a shell block. */
export interface ShellLine {
  readonly command: string;
  /** What is said behind the command: what it prints, or what it is for. */
  readonly comment: string;
}

const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm;
const FILE_NAME = /^\/\/ ([\w-]+\.ts)\n/gm;
const SCRIPT_PRINTED = /(?:print|Println)\(.*\)\s+(?:#|\/\/) (.*)$/gm;
const PRINTED = /console\.log\(.*\); \/\/ (.*)$/gm;

/** The named programs of a document; blocks without a name are fragments, which only explain. */
export function programsOf(document: string): Program[] {
  return blocksOf(document, "ts").flatMap((block) => {
    const [, ...named] = block.split(FILE_NAME);
    return pairs(named).map(([file, text]) => ({
      file,
      text,
      prints: [...text.matchAll(PRINTED)].map(([, printed = ""]) => printed),
    }));
  });
}

/** The program that a document shows in another language. @throws Error unless there is exactly one. */
export function scriptOf(document: string, language: "python" | "go"): Omit<Program, "file"> {
  const [text, ...others] = blocksOf(document, language);
  if (text === undefined || others.length > 0) throw new Error(`not one program in ${language}`);
  return { text, prints: [...text.matchAll(SCRIPT_PRINTED)].map(([, printed = ""]) => printed) };
}

/** The TypeScript of a document that has no name. */
export function fragmentsOf(document: string): string[] {
  return blocksOf(document, "ts").filter((block) => block.search(FILE_NAME) !== 0);
}

/** The commands of a document. */
export function shellLinesOf(document: string): ShellLine[] {
  const lines = blocksOf(document, "sh").flatMap((block) => block.trimEnd().split("\n"));
  return lines.map((line) => {
    const [command = "", comment = ""] = line.split(/\s+# /);
    return { command, comment };
  });
}

function blocksOf(document: string, language: string): string[] {
  return [...document.matchAll(BLOCK)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : [],
  );
}

function pairs(values: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < values.length; at += 2)
    found.push([values[at] ?? "", values[at + 1] ?? ""]);
  return found;
}
