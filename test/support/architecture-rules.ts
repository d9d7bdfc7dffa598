/**
 * The rules of the house as functions over source files. Each returns its complaints as `file:line what`, so that the
 * test can say where, and so that a rule can be tried on files made for the purpose.
 */
import { isTest, resolveImport, type SourceFile } from "./source-tree.ts";

/** Files of a workspace that lie beside its modules' folders belong to this module. */
export const TOP = "top";

/** Modules that exist for tests. */
const FOR_TESTS = ["testing", "test-doubles"];

/** What may import what inside one workspace. */
export interface Layers {
  /** Folder that holds the modules' folders. */
  readonly sources: string;
  /** For each module (a folder, or a file by its stem) the modules that it may import. */
  readonly modules: Readonly<Record<string, readonly string[]>>;
}

type Allowed = Readonly<Record<string, readonly string[]>>;

/** Imports between the modules of a workspace that are not in its table. */
export function arrowProblems(files: readonly SourceFile[], layers: Layers): string[] {
  const inside = files.filter((file) => file.path.startsWith(`${layers.sources}/`));
  return inside.flatMap((file) => {
    const own = moduleOf(file.path, layers);
    const allowed = layers.modules[own];
    if (allowed === undefined) return [`${file.path}:1 module "${own}" is not in the table`];
    return file.imports.flatMap(({ specifier, line }) => {
      const target = resolveImport(file.path, specifier);
      if (!target?.startsWith(`${layers.sources}/`)) return [];
      const module = moduleOf(target, layers);
      const admitted = module === own || allowed.includes(module);
      // What exists for tests may be used by the tests that stand beside the sources.
      if (admitted || (isTest(file) && FOR_TESTS.includes(module))) return [];
      return [`${file.path}:${line} ${own} must not import ${module} (${specifier})`];
    });
  });
}

/** Imports of a workspace's files from workspaces that they must not know, or past a package's door. */
export function doorProblems(files: readonly SourceFile[], packages: Allowed): string[] {
  return files.flatMap((file) => {
    const workspace = workspaceOf(file.path);
    return file.imports.flatMap(({ specifier, line }) => {
      const complaint = doorComplaint(file.path, specifier, packages[workspace] ?? []);
      return complaint === undefined ? [] : [`${file.path}:${line} ${complaint} (${specifier})`];
    });
  });
}

/** Imports of generated types outside the places that translate them. */
export function generatedProblems(
  files: readonly SourceFile[],
  places: readonly string[],
): string[] {
  const outside = files.filter(
    (file) => !isTest(file) && !places.some((place) => file.path.startsWith(place)),
  );
  return outside.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => isGenerated(file.path, specifier))
      .map(({ specifier, line }) => `${file.path}:${line} generated types (${specifier})`),
  );
}

/** Circles among imports that load at run time; type imports vanish and may point back. */
export function cycleProblems(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const problems: string[] = [];
  const visit = (file: SourceFile, trail: readonly string[]): void => {
    const way = [...trail, file.path];
    for (const { specifier, line, loads } of file.imports) {
      const target = byPath.get(resolveImport(file.path, specifier) ?? "");
      if (!loads || target === undefined || finished.has(target.path)) continue;
      const start = way.indexOf(target.path);
      if (start === -1) visit(target, way);
      else problems.push(`${file.path}:${line} ${[...way.slice(start), target.path].join(" → ")}`);
    }
    finished.add(file.path);
  };
  for (const file of files) if (!finished.has(file.path)) visit(file, []);
  return problems;
}

/** Packages that load with a file, because it or what it imports asks for them. */
export function loadedPackages(files: readonly SourceFile[], entry: string): ReadonlySet<string> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const visited = new Set([entry]);
  const packages = new Set<string>();
  for (const path of visited) {
    for (const { specifier, loads } of byPath.get(path)?.imports ?? []) {
      const target = resolveImport(path, specifier);
      if (!loads) continue;
      if (target === undefined) packages.add(specifier);
      else visited.add(target);
    }
  }
  return packages;
}

/** Uses of syntax that is not erasable, or hides a type. Tests may cast: they hand over what callers must not. */
export function syntaxProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.features
      .filter(({ name }) => !(isTest(file) && name === "as unknown as"))
      .map(({ name, line }) => `${file.path}:${line} ${name}`),
  );
}

/** Files longer than the limit, apart from those that are named with a reason. */
export function sizeProblems(
  files: readonly SourceFile[],
  limit: number,
  exceptions: readonly string[],
): string[] {
  return files
    .filter((file) => file.lines > limit && !exceptions.includes(file.path))
    .map((file) => `${file.path}:${limit + 1} ${file.lines} lines, ${limit} are allowed`);
}

/** Files and folders whose name tells nothing, or is not in kebab case. */
export function nameProblems(files: readonly SourceFile[], banned: readonly string[]): string[] {
  return files.flatMap((file) =>
    file.path.split("/").flatMap((part) => {
      const name = part.replace(/(\.test)?(\.d)?\.[mc]?ts$/, "");
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
        return [`${file.path}:1 "${part}": not kebab case`];
      const words = [name, name.split("-").at(-1) ?? name];
      return words.some((word) => banned.includes(word))
        ? [`${file.path}:1 "${part}": a name that tells nothing`]
        : [];
    }),
  );
}

/** Workspaces in which fewer files were seen than there must be: a rule that sees nothing proves nothing. */
export function countProblems(
  files: readonly SourceFile[],
  least: Readonly<Record<string, number>>,
): string[] {
  return Object.entries(least).flatMap(([workspace, wanted]) => {
    const seen = files.filter((file) => workspaceOf(file.path) === workspace).length;
    return seen < wanted ? [`${workspace}: saw ${seen} files, at least ${wanted} exist`] : [];
  });
}

/** What stands at the top of the repository; folders end in a slash. */
export interface TopLevel {
  /** What must be there. */
  readonly wanted: readonly string[];
  /** What else may be there: configuration of tools. */
  readonly allowed: RegExp;
}

/** What is missing at the top of the repository, and what has no business there. Dot-files are everyone's own. */
export function topLevelProblems(
  names: readonly string[],
  ignored: readonly string[],
  { wanted, allowed }: TopLevel,
): string[] {
  const isIgnored = (name: string): boolean =>
    ignored.some((one) => (one.startsWith("*") ? name.endsWith(one.slice(1)) : name === one));
  const seen = names.filter((name) => !name.startsWith(".") && !isIgnored(name));
  return [
    ...wanted.filter((name) => !seen.includes(name)).map((name) => `${name}: is missing`),
    ...seen
      .filter((name) => !wanted.includes(name) && !allowed.test(name))
      .map((name) => `${name}: does not belong to the top level`),
  ];
}

function doorComplaint(
  from: string,
  specifier: string,
  packages: readonly string[],
): string | undefined {
  const target = resolveImport(from, specifier);
  if (target !== undefined) {
    return workspaceOf(target) === workspaceOf(from) ? undefined : "leaves its workspace";
  }
  if (specifier.startsWith("#") || specifier.startsWith("/")) return "cannot be followed";
  if (!specifier.startsWith("@agentmesh/")) return undefined;
  const name = specifier.split("/").slice(0, 2).join("/");
  return packages.includes(name) ? undefined : `${workspaceOf(from)} must not know ${name}`;
}

function isGenerated(from: string, specifier: string): boolean {
  if (/^@agentmesh\/proto\/(agentmesh|agents|cloudevents|io|gen)\b/.test(specifier)) return true;
  return resolveImport(from, specifier)?.startsWith("proto/gen/") ?? false;
}

function workspaceOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/** The folder below `sources`; for a file beside the folders its stem when the table names it, else the top. */
function moduleOf(file: string, { sources, modules }: Layers): string {
  const [first = "", ...rest] = file.slice(sources.length + 1).split("/");
  if (rest.length > 0) return first;
  const stem = first.replace(/(\.test)?\.ts$/, "");
  return stem in modules ? stem : TOP;
}
