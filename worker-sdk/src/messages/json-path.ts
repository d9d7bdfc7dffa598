const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

// Deeper values are not searched: the search must not run out of stack where the serializer did not.
const MAX_DEPTH = 200;

/** A path as one writes it in code: `items[2].name`; empty for the value itself. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!IDENTIFIER.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** Where and why JSON cannot carry a value. */
export interface JsonObstacle {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/** Finds the first BigInt or cycle in a value: what `JSON.stringify` refuses without saying where. */
export function findJsonObstacle(value: unknown): JsonObstacle | undefined {
  return search(value, [], []);
}

function search(
  value: unknown,
  path: readonly PropertyKey[],
  ancestors: readonly object[],
): JsonObstacle | undefined {
  if (typeof value === "bigint") return { path, reason: "JSON cannot carry a BigInt" };
  if (typeof value !== "object" || value === null || "toJSON" in value) return undefined;
  if (ancestors.includes(value)) return { path, reason: "JSON cannot carry a cycle" };
  if (ancestors.length === MAX_DEPTH) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    const found = search(child, [...path, step], [...ancestors, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}
