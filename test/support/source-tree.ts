/** Reads TypeScript sources as the architecture test sees them: what each file imports, and which syntax it uses. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

/** One place where a file names another module. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** False when the compiler erases the import, so that nothing is loaded at run time. */
  readonly loads: boolean;
}

/** A use of syntax that somebody may object to. */
export interface Feature {
  readonly name: string;
  readonly line: number;
}

/** One source file, by its path from the top of the repository with `/` between folders. */
export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly features: readonly Feature[];
}

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "gen"]);

/** Every .ts file of the named folders, without what is installed, compiled or generated. */
export function readSourceTree(top: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    filesBelow(path.join(top, folder)).map((file) =>
      parseSource(path.relative(top, file).replaceAll(path.sep, "/"), readFileSync(file, "utf8")),
    ),
  );
}

/** One file from its text. */
export function parseSource(name: string, text: string): SourceFile {
  const root = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  const imports: Import[] = [];
  const features: Feature[] = [];
  const visit = (node: ts.Node): void => {
    const line = () => root.getLineAndCharacterOfPosition(node.getStart(root)).line + 1;
    const target = importTarget(node);
    if (target !== undefined) imports.push({ ...target, line: line() });
    for (const name of featuresOf(node)) features.push({ name, line: line() });
    ts.forEachChild(node, visit);
  };
  visit(root);
  return { path: name, lines: text.trimEnd().split("\n").length, imports, features };
}

/** The file that a relative specifier means; undefined for other specifiers. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return path.posix.join(path.posix.dirname(from), specifier);
}

/** True for files that only a test run loads. */
export function isTest(file: SourceFile): boolean {
  return file.path.endsWith(".test.ts") || file.path.startsWith("test/");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : filesBelow(place);
    return /\.[mc]?ts$/.test(entry.name) ? [place] : [];
  });
}

function importTarget(node: ts.Node): Omit<Import, "line"> | undefined {
  if (ts.isImportDeclaration(node)) {
    const erased = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return target(node.moduleSpecifier, !erased);
  }
  if (ts.isExportDeclaration(node)) return target(node.moduleSpecifier, !node.isTypeOnly);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return target(node.argument.literal, false);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return target(node.arguments[0], true);
  }
  return undefined;
}

function target(specifier: ts.Node | undefined, loads: boolean): Omit<Import, "line"> | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, loads };
}

/** Names of the syntax that the node itself stands for. */
function featuresOf(node: ts.Node): string[] {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return ["any"];
  if (ts.isEnumDeclaration(node)) return ["enum"];
  // To add to the types of somebody else's module is no namespace, and erased.
  if (ts.isModuleDeclaration(node)) return ts.isStringLiteral(node.name) ? [] : ["namespace"];
  if (ts.isExportDeclaration(node) && node.exportClause === undefined) return ["export *"];
  if (ts.isDecorator(node)) return ["decorator"];
  if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) {
    return ["parameter property"];
  }
  if (isDefaultExport(node)) return ["default export"];
  return isCastThroughUnknown(node) ? ["as unknown as"] : [];
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === "default";
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}

function isCastThroughUnknown(node: ts.Node): boolean {
  if (!ts.isAsExpression(node)) return false;
  let inner = node.expression;
  while (ts.isParenthesizedExpression(inner)) inner = inner.expression;
  return ts.isAsExpression(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword;
}
