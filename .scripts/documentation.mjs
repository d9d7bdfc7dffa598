/**
 * What the comments of public names must say: what it is, the unit of a quantity, the default of an option, and which
 * errors a call ends with.
 */
import path from "node:path";
import ts from "typescript";
import { ROOT } from "./process.mjs";
import { declarationsOf, isVisible } from "./public-api.mjs";

/** @import { Export, PublicApi } from "./public-api.mjs" */
/** @typedef {{ name: string, node: ts.Node, text: string }} Documented */

/** What a name's ending promises that its comment says. @type {readonly (readonly [RegExp, RegExp, string])[]} */
const UNITS = [
  [/Ms$/, /millisecond/i, "its unit, milliseconds"],
  [/Bytes$/, /bytes|[KM]iB/i, "its unit, bytes"],
];
/** Members that mean the same everywhere. */
const WELL_KNOWN = /^(\[Symbol\.\w+\]|kind)$/;

/** @param {PublicApi} api @returns {string[]} */
export function documentationProblems({ checker, packages }) {
  const own = packages.flatMap(({ doors, hidden }) => [
    ...doors.flatMap(({ exports }) => exports.filter(({ from }) => from === undefined)),
    ...hidden.filter(showsMembers),
  ]);
  return [...new Set(own.flatMap((entry) => problemsOf(checker, entry)))];
}

/** Base classes and parts of unions show their members under the names of others. @param {Export} entry */
function showsMembers(entry) {
  return declarationsOf(entry).some(
    (node) => ts.isClassDeclaration(node) || ts.isTypeAliasDeclaration(node),
  );
}

/** @param {ts.TypeChecker} checker @param {Export} entry */
function problemsOf(checker, entry) {
  const { name, symbol, typeOnly } = entry;
  const [node] = declarationsOf(entry);
  if (node === undefined) return [];
  const self = { name, node, text: commentOf(checker, symbol) };
  const members = declarationsOf(entry).flatMap((declaration) =>
    membersOf(checker, declaration, typeOnly),
  );
  const unique = new Map(members.map((member) => [member.name, member])).values();
  return [...describes(self), ...fails(self, ""), ...[...unique].flatMap((m) => inside(self, m))];
}

/** What a member lacks. @param {Documented} owner @param {Documented} member */
function inside(owner, member) {
  const full = { ...member, name: `${owner.name}.${member.name}` };
  const units = UNITS.filter(
    ([ending, said]) => ending.test(member.name) && !said.test(member.text),
  );
  return [
    ...describes(full),
    ...fails(full, owner.text),
    ...units.map(([, , what]) => complaint(full, what)),
    ...(isOption(owner, member) && !/default/i.test(member.text)
      ? [complaint(full, "its default")]
      : []),
  ];
}

/** @param {Documented} owner @param {Documented} member */
function isOption({ name }, { node }) {
  return /Options$/.test(name) && ts.isPropertySignature(node) && node.questionToken !== undefined;
}

/** @param {Documented} documented */
function describes(documented) {
  return documented.text.trim() === "" ? [complaint(documented, "what it is")] : [];
}

/**
 * Calls that wait can fail; a class may say it once for all of its methods.
 * @param {Documented} documented
 * @param {string} ownerText
 */
function fails(documented, ownerText) {
  const { node, text } = documented;
  const callable = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
  if (!callable || !/^(Promise|AsyncIterable)</.test(node.type?.getText() ?? "")) return [];
  return /@throws|never fails|idempotent/i.test(text) || /throws/.test(ownerText)
    ? []
    : [complaint(documented, "with which errors it fails")];
}

/** @param {Documented} documented @param {string} what */
function complaint({ name, node }, what) {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${path.relative(ROOT, file.fileName)}:${line + 1} ${name} does not say ${what}`;
}

/**
 * The visible members, also those of the parts of a union. A table's entries speak for themselves.
 * @param {ts.TypeChecker} checker
 * @param {ts.Node} declaration
 * @param {boolean} typeOnly
 * @returns {Documented[]}
 */
function membersOf(checker, declaration, typeOnly) {
  /** @type {Documented[]} */
  const members = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (!ts.isClassElement(node) && !ts.isTypeElement(node)) {
      ts.forEachChild(node, visit);
      return;
    }
    const name = node.name?.getText() ?? "";
    const symbol = node.name && checker.getSymbolAtLocation(node.name);
    if (symbol === undefined || WELL_KNOWN.test(name) || !isVisible(node, typeOnly)) return;
    members.push({ name, node, text: commentOf(checker, symbol) });
  };
  if (!ts.isFunctionDeclaration(declaration) && !ts.isVariableDeclaration(declaration))
    ts.forEachChild(declaration, visit);
  return members;
}

/** Its comment, or the one that it inherits. @param {ts.TypeChecker} checker @param {ts.Symbol} symbol */
function commentOf(checker, symbol) {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker);
  return [text, ...tags.map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`)].join(
    "\n",
  );
}
