import { formatPath } from "./json-path.ts";
import type { Refuse } from "./schema-check.ts";

/** What JSON carries without loss. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Deeper values are refused, so that the copy does not run out of stack. */
const MOST_DEPTH = 200;

/**
 * A copy of a value that is nothing but JSON: it comes back from `JSON.parse(JSON.stringify(copy))` as it is. Undefined
 * properties are left out. Throws what `refuse` makes when something else is in it, such as a Date, a Map or NaN.
 */
export function plainJson(value: unknown, refuse: Refuse): JsonValue {
  return copyOf(value, [], refuse);
}

function copyOf(value: unknown, path: readonly PropertyKey[], refuse: Refuse): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (path.length > MOST_DEPTH) throw refuse(`it is nested deeper than ${MOST_DEPTH} levels`);
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => copyOf(item, [...path, index], refuse));
  }
  if (typeof value === "object" && isPlain(value)) {
    const entries = Object.entries(value).filter(([, property]) => property !== undefined);
    return Object.fromEntries(
      entries.map(([name, property]) => [name, copyOf(property, [...path, name], refuse)]),
    );
  }
  const where = path.length === 0 ? "" : `${formatPath(path)}: `;
  throw refuse(`${where}${nameOf(value)} is not plain JSON`);
}

/** Whether an object was written as a literal or made by a parser, and has nothing to say in how it becomes JSON. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !("toJSON" in value) && Object.getOwnPropertySymbols(value).length === 0;
}

function nameOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return `a value of type ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
}
