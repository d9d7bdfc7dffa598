import { readFile } from "node:fs/promises";
import { invalid, meshError } from "@agentmesh/proto";

/** Where the token of a caller comes from; without both it has none. */
export interface TokenSource {
  /** Empty for none. */
  readonly text: string;
  /** File that holds it; empty for none, and without meaning beside `text`. */
  readonly file: string;
}

/** What a header can carry. */
const TOKEN = /^[!-~]{1,4096}$/;
const GRAMMAR = "1–4096 visible ASCII characters, without spaces or line ends";

/** @throws MeshError `INVALID_ARGUMENT` naming `option` when the text is no token; the text is not repeated. */
export function tokenSource(option: string, text: string, file: string): TokenSource {
  if (text !== "" && !TOKEN.test(text)) throw invalid(`${option} must be ${GRAMMAR}`);
  return { text, file };
}

/** The token; undefined for none. @throws MeshError `INVALID_ARGUMENT` when its file cannot be read or holds none. */
export async function readToken({ text, file }: TokenSource): Promise<string | undefined> {
  if (text !== "") return text;
  if (file === "") return undefined;
  const token = (await contentOf(file)).trim();
  if (TOKEN.test(token)) return token;
  throw invalid(`tokenFile ${file} must hold one token of ${GRAMMAR}`);
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const text = `tokenFile cannot be read: ${error instanceof Error ? error.message : error}`;
    throw meshError("INVALID_ARGUMENT", text, { cause: error });
  }
}
