/**
 * What the packages open: every door with the names that it exports, and what those names lean on without being exported
 * themselves. Read from the compiled declarations, as a user's compiler reads them.
 */
import path from "node:path";
import ts from "typescript";
import { PACKAGES, publicDoors } from "./doors.mjs";
import { ROOT } from "./process.mjs";

/**
 * @typedef {{ name: string, symbol: ts.Symbol, typeOnly: boolean, from?: string }} Export
 *   one name; `from` is the package that it is handed on from
 * @typedef {{ name: string, exports: readonly Export[] }} Door
 * @typedef {{ folder: string, doors: readonly Door[], hidden: readonly Export[] }} PublicPackage
 * @typedef {{ checker: ts.TypeChecker, packages: readonly PublicPackage[] }} PublicApi
 * @typedef {{ checker: ts.TypeChecker, top: string }} Reading
 */

/** Reads the compiled packages of this repository, or of a folder that is laid out alike. @returns {PublicApi} */
export function readPublicApi(top = ROOT) {
  const doors = publicDoors(top);
  const program = ts.createProgram(
    doors.map(({ types }) => types),
    {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      skipLibCheck: true,
      types: ["node"],
    },
  );
  const checker = program.getTypeChecker();
  const reading = { checker, top };
  const read = doors.map(({ folder, name, types }) => {
    const module = checker.getSymbolAtLocation(sourceFile(program, types));
    const symbols = module ? checker.getExportsOfModule(module) : [];
    return { folder, name, exports: symbols.map((symbol) => exported(reading, symbol, folder)) };
  });
  const named = new Set(read.flatMap((door) => door.exports.map(({ symbol }) => symbol)));
  const packages = PACKAGES.map((folder) => {
    const own = read.filter((door) => door.folder === folder);
    const roots = own.flatMap((door) => door.exports.filter(({ from }) => from === undefined));
    return { folder, doors: own, hidden: leanedOn(reading, roots, named) };
  });
  return { checker, packages };
}

/** The declarations of a name that its users see. @returns {ts.Declaration[]} */
export function declarationsOf(/** @type {Export} */ { symbol }) {
  return symbol.declarations ?? [];
}

/**
 * Whether users can see a member of a class: no `#private`, and of a class that they can neither construct nor extend no
 * constructor and nothing protected.
 * @param {ts.Node} member
 * @param {boolean} typeOnly
 */
export function isVisible(member, typeOnly) {
  if (ts.isConstructorDeclaration(member)) return !typeOnly;
  if (!ts.isClassElement(member)) return true;
  if (member.name && ts.isPrivateIdentifier(member.name)) return false;
  const flags = ts.getCombinedModifierFlags(member);
  return !(flags & ts.ModifierFlags.Private || (typeOnly && flags & ts.ModifierFlags.Protected));
}

function sourceFile(/** @type {ts.Program} */ program, /** @type {string} */ file) {
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} does not exist: compile first`);
  return source;
}

/**
 * @param {Reading} reading
 * @param {ts.Symbol} symbol
 * @param {string} folder
 * @returns {Export}
 */
function exported(reading, symbol, folder) {
  const specifier = symbol.declarations?.find(ts.isExportSpecifier);
  const typeOnly = specifier?.isTypeOnly || specifier?.parent.parent.isTypeOnly || false;
  const target = resolved(reading, symbol);
  const home = homeOf(reading, target);
  const from = home === undefined || home === folder ? {} : { from: home };
  return { name: symbol.name, symbol: target, typeOnly, ...from };
}

/** @param {Reading} reading @param {ts.Symbol} symbol */
function resolved({ checker }, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/**
 * The package that declares a name; undefined for what comes from elsewhere, or is generated.
 * @param {Reading} reading
 * @param {ts.Symbol} symbol
 */
function homeOf({ top }, symbol) {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? "";
  return PACKAGES.find((folder) => {
    const dist = `${path.join(top, folder, "dist").replaceAll(path.sep, "/")}/`;
    return file.startsWith(dist) && !file.startsWith(`${dist}gen/`);
  });
}

/**
 * What the names refer to without any door exporting it: base classes, parts of unions, helper types.
 * @param {Reading} reading
 * @param {readonly Export[]} roots
 * @param {ReadonlySet<ts.Symbol>} named
 * @returns {Export[]}
 */
function leanedOn(reading, roots, named) {
  /** @type {Map<ts.Symbol, Export>} */
  const found = new Map();
  const follow = (/** @type {Export} */ entry) => {
    const visit = (/** @type {ts.Node} */ node) => {
      if (!isVisible(node, entry.typeOnly)) return;
      const name = referredName(node);
      const symbol = name && reading.checker.getSymbolAtLocation(name);
      if (symbol) take(resolved(reading, symbol));
      ts.forEachChild(node, visit);
    };
    for (const declaration of declarationsOf(entry)) visit(declaration);
  };
  const take = (/** @type {ts.Symbol} */ symbol) => {
    const isParameter = symbol.flags & ts.SymbolFlags.TypeParameter;
    if (isParameter || named.has(symbol) || found.has(symbol) || !homeOf(reading, symbol)) return;
    const entry = { name: symbol.name, symbol, typeOnly: true };
    found.set(symbol, entry);
    follow(entry);
  };
  for (const root of roots) follow(root);
  return [...found.values()];
}

/** @returns {ts.Node | undefined} */
function referredName(/** @type {ts.Node} */ node) {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return undefined;
}
