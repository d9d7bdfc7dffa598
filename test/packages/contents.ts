/** What a package carries, compared with what its doors lead to. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSource, resolveImport } from "../support/source-tree.ts";

interface Door {
  readonly types: string;
  readonly default: string;
}

/** What the package.json of an installed package opens. */
export interface Doors {
  readonly exports: Readonly<Record<string, Door | string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** How a module names another one that it starts as a thread. */
const THREAD = /"(\.\/[\w-]+\.js)",\s*import\.meta\.url/g;
const COMPILED = /\.(d\.ts|ts|js)$/;

/** Compiled modules that no door leads to, and modules that are led to but missing. */
export function contentProblems(folder: string, files: readonly string[]): string[] {
  const reached = new Set<string>();
  const missing: string[] = [];
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    if (!existsSync(path.join(folder, file))) {
      missing.push(`${file} is missing`);
      return;
    }
    // Modules of types are known to declarations only.
    if (file.startsWith("dist/") && file.endsWith(".js")) visit(file.replace(/\.js$/, ".d.ts"));
    const text = readFileSync(path.join(folder, file), "utf8");
    for (const next of [...threadsOf(file, text), ...importsOf(file, text)]) visit(next);
  };
  for (const file of opened(folder)) visit(file);
  const modules = new Set([...reached].map((file) => file.replace(COMPILED, "")));
  const idle = files.filter(
    (file) => /^dist\/.*\.js$/.test(file) && !modules.has(file.replace(COMPILED, "")),
  );
  return [...missing, ...idle.map((file) => `${file}: no door leads to it`)];
}

function importsOf(file: string, text: string): string[] {
  const targets = parseSource(file, text).imports.flatMap(
    ({ specifier }) => resolveImport(file, specifier) ?? [],
  );
  if (!file.endsWith(".d.ts")) return targets;
  // A declaration names the source that it declares.
  return targets.map((target) => target.replace(/(?<!\.d)\.ts$/, ".d.ts"));
}

function threadsOf(file: string, text: string): string[] {
  const threads = Array.from(text.matchAll(THREAD), ([, thread = ""]) => thread);
  return threads.map((thread) => path.posix.join(path.posix.dirname(file), thread));
}

/** Source maps that point to what the package does not carry. */
export function mapProblems(folder: string, files: readonly string[]): string[] {
  const maps = files.filter((file) => file.endsWith(".map"));
  return maps.flatMap((map) => {
    const { sources }: { sources: readonly string[] } = JSON.parse(
      readFileSync(path.join(folder, map), "utf8"),
    );
    return sources
      .map((source) => path.posix.join(path.posix.dirname(map), source))
      .filter((source) => !files.includes(source))
      .map((source) => `${map} points to ${source}, which is missing`);
  });
}

/** The names by which an installed package is imported. */
export function doorsOf(folder: string, name: string): string[] {
  return Object.entries(readDoors(folder).exports)
    .filter(([, door]) => typeof door !== "string")
    .map(([door]) => path.posix.join(name, door));
}

function opened(folder: string): string[] {
  const { exports, bin = {} } = readDoors(folder);
  const doors = Object.values(exports).flatMap((door) =>
    typeof door === "string" ? [] : [door.types, door.default],
  );
  return [...doors, ...Object.values(bin)].map((file) => path.posix.normalize(file));
}

function readDoors(folder: string): Doors {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
}
