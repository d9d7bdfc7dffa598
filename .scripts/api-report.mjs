/** The public API as text, one file per package, so that a change of it shows in a review. */
import ts from "typescript";
import { declarationsOf, isVisible } from "./public-api.mjs";

/** @import { Export, PublicPackage } from "./public-api.mjs" */

const HEAD =
  "Written by `npm run api` from the declarations; `npm run verify` compares. Do not edit.";

/** @param {PublicPackage} opened */
export function apiReport({ doors, hidden }) {
  const [main] = doors;
  const title = `# API of ${main?.name}\n\n${HEAD}\n`;
  const sections = doors.map(({ name, exports }) => section(`\`${name}\``, exports));
  const rest = hidden.length === 0 ? [] : [section("Not exported, but part of what is", hidden)];
  return [title, ...sections, ...rest].join("\n");
}

/** @param {string} title @param {readonly Export[]} exports */
function section(title, exports) {
  const sorted = exports.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `## ${title}\n\n\`\`\`ts\n${sorted.map(printed).join("\n\n")}\n\`\`\`\n`;
}

/** @param {Export} entry */
function printed(entry) {
  const { name, typeOnly, from } = entry;
  if (from !== undefined)
    return `export ${typeOnly ? "type " : ""}{ ${name} } from "@agentmesh/${from}";`;
  return declarationsOf(entry)
    .map((declaration) => printDeclaration(declaration, typeOnly))
    .join("\n");
}

const printer = ts.createPrinter({ removeComments: true });

/** @param {ts.Declaration} declaration @param {boolean} typeOnly */
function printDeclaration(declaration, typeOnly) {
  // A constant is declared in a statement of its own.
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const { transformed } = ts.transform(node, [withoutHidden(typeOnly)]);
  const text = printer.printNode(
    ts.EmitHint.Unspecified,
    transformed[0] ?? node,
    node.getSourceFile(),
  );
  return text.replace(/^(export )?(declare )?/, "").replaceAll("    ", "  ");
}

/**
 * Leaves out what users cannot see.
 * @param {boolean} typeOnly
 * @returns {ts.TransformerFactory<ts.Node>}
 */
function withoutHidden(typeOnly) {
  return (context) => (node) => {
    if (!ts.isClassDeclaration(node)) return node;
    const { modifiers, name, typeParameters, heritageClauses, members } = node;
    const visible = members.filter((member) => isVisible(member, typeOnly));
    return context.factory.updateClassDeclaration(
      node,
      modifiers,
      name,
      typeParameters,
      heritageClauses,
      visible,
    );
  };
}
