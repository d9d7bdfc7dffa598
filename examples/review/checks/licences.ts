import type { Finding, Severity } from "../findings.ts";
import type { CommentLine } from "./comments.ts";

interface Family {
  readonly name: string;
  /** How its text reads in a file's head. */
  readonly words: RegExp;
  /** Whether code under another licence may not simply be mixed with it. */
  readonly strict: boolean;
}

const FAMILIES: readonly Family[] = [
  {
    name: "MIT",
    words: /\bMIT License\b|Permission is hereby granted, free of charge/i,
    strict: false,
  },
  { name: "Apache", words: /Apache License,? Version/i, strict: false },
  { name: "BSD", words: /Redistribution and use in source and binary forms/i, strict: false },
  { name: "MPL", words: /Mozilla Public License/i, strict: true },
  { name: "AGPL", words: /GNU Affero General Public License/i, strict: true },
  { name: "LGPL", words: /GNU (?:Lesser|Library) General Public License/i, strict: true },
  { name: "GPL", words: /GNU General Public License/i, strict: true },
  {
    name: "proprietary",
    words: /proprietary and confidential|unauthori[sz]ed copying/i,
    strict: true,
  },
];
const SPDX = /SPDX-License-Identifier:\s*([^\n*]{1,200})/i;

/**
 * Finds a head comment that names licences which do not go together. A file without any licence is in order: the
 * repository's own applies. An SPDX expression may name several; that is a choice, not a conflict.
 */
export function checkLicences(head: readonly CommentLine[]): Finding[] {
  const declared = head.flatMap(({ text }) => SPDX.exec(text)?.[1]?.trim() ?? []);
  const named = [...new Set(declared), ...undeclared(head, declared.join(" "))];
  if (named.length < 2) return [];
  const strict = FAMILIES.some((family) => family.strict && mentions(named, family));
  const severity: Severity = strict ? "block" : "warn";
  const line = head[0]?.line ?? 1;
  const text = `names ${named.join(" and ")}`;
  return [{ check: "licence conflict", severity, line, text, excess: 1 }];
}

function mentions(named: readonly string[], family: Family): boolean {
  return named.some((name) => new RegExp(`\\b${family.name}\\b`, "i").test(name));
}

/** Families whose text is there without being part of what is declared. */
function undeclared(head: readonly CommentLine[], declared: string): string[] {
  // Texts wrap: a name may begin on one line and end on the next.
  const text = head.map((comment) => comment.text).join(" ");
  const told = FAMILIES.filter((family) => family.words.test(text)).map((family) => family.name);
  return told.filter((name) => !new RegExp(`\\b${name}\\b`, "i").test(declared));
}
