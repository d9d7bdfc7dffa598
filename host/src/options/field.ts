import { isToken } from "../security/token.ts";
import { parseAddress } from "./address.ts";

/** What is known about one option beside its value. */
export interface Field<T> {
  readonly kind: "integer" | "text" | "secret" | "flag" | "list" | "choice";
  /** What stands for the value in the help of the command line. */
  readonly placeholder: string;
  /** What is taken when nothing is given. */
  readonly fallback: T;
  /** What is allowed, for the end of the sentence "… must be". */
  readonly allowed: string;
  /** One line for the help of the command line. */
  readonly about: string;
  /** Whether a value is allowed. */
  accepts(value: unknown): value is T;
  /** Turns text from the environment or a flag into a value, which `accepts` then judges. */
  parse(text: string): unknown;
}

/** Bounds of an integer, both allowed, and its unit. */
interface Range {
  readonly unit: "ms" | "bytes" | "count";
  readonly least: number;
  readonly most: number;
}

/** An integer within bounds. */
function integer(fallback: number, range: Range, about: string): Field<number> {
  const { unit, least, most } = range;
  const units = unit === "ms" ? " milliseconds" : unit === "bytes" ? " bytes" : "";
  return {
    kind: "integer",
    placeholder: unit === "count" ? "n" : unit,
    fallback,
    allowed: `an integer from ${least} to ${most}${units}`,
    about,
    accepts: (value): value is number =>
      typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most,
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  };
}

/** A number of milliseconds from `least` to `most`. */
export function ms(fallback: number, least: number, most: number, about: string): Field<number> {
  return integer(fallback, { unit: "ms", least, most }, about);
}

/** A number of bytes from `least` to `most`. */
export function bytes(fallback: number, least: number, most: number, about: string): Field<number> {
  return integer(fallback, { unit: "bytes", least, most }, about);
}

/** A number of things from `least` to `most`. */
export function count(fallback: number, least: number, most: number, about: string): Field<number> {
  return integer(fallback, { unit: "count", least, most }, about);
}

/** An address to listen on. */
export function listenAddress(fallback: string, about: string): Field<string> {
  return {
    kind: "text",
    placeholder: "host:port",
    fallback,
    allowed: "host:port, for example 127.0.0.1:50051, [::1]:50051 or 127.0.0.1:0",
    about,
    accepts: (value): value is string =>
      typeof value === "string" && parseAddress(value) !== undefined,
    parse: (text) => text,
  };
}

/** The path of a file; none by default. The empty text is refused: it is mostly a variable that was not set. */
export function file(about: string): Field<string | undefined> {
  return {
    kind: "text",
    placeholder: "file",
    fallback: undefined,
    allowed: "the path of a file",
    about,
    accepts: (value): value is string =>
      typeof value === "string" && value !== "" && !value.includes("\0"),
    parse: (text) => text,
  };
}

/** The path of a folder; none by default. */
export function folder(about: string): Field<string | undefined> {
  return { ...file(about), placeholder: "folder", allowed: "the path of a folder" };
}

/** A bearer token; none by default. Its value is never repeated in an error. */
export function bearerToken(about: string): Field<string | undefined> {
  return {
    kind: "secret",
    placeholder: "token",
    fallback: undefined,
    allowed: "1–4096 visible ASCII characters without blanks",
    about,
    accepts: (value): value is string => typeof value === "string" && isToken(value),
    parse: (text) => text,
  };
}

/** Yes or no. */
export function flag(about: string): Field<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };
  return {
    kind: "flag",
    placeholder: "",
    fallback: false,
    allowed: "true or false",
    about,
    accepts: (value): value is boolean => typeof value === "boolean",
    parse: (text) => words[text.toLowerCase()] ?? text,
  };
}

/** Addresses to reach something at; separated by commas as text. */
export function addresses(most: number, about: string): Field<readonly string[]> {
  return {
    kind: "list",
    placeholder: "host:port,…",
    fallback: [],
    allowed: `at most ${most} addresses host:port with a port of their own`,
    about,
    accepts: (value): value is readonly string[] =>
      Array.isArray(value) && value.length <= most && value.every(isReachable),
    parse: (text) => text.split(",").map((part) => part.trim()),
  };
}

/** One of these words. */
export function choice<Word extends string>(
  fallback: Word,
  words: readonly Word[],
  about: string,
): Field<Word> {
  return {
    kind: "choice",
    placeholder: "level",
    fallback,
    allowed: `one of ${words.join(", ")}`,
    about,
    accepts: (value): value is Word => words.some((word) => word === value),
    parse: (text) => text.toLowerCase(),
  };
}

function isReachable(value: unknown): boolean {
  return typeof value === "string" && (parseAddress(value)?.port ?? 0) > 0;
}
