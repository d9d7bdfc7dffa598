import type { Finding } from "../findings.ts";

/** A kind of key that is recognised by its shape alone. */
interface KeyShape {
  readonly name: string;
  readonly pattern: RegExp;
}

// Every repetition is bounded: a hostile file must not make a pattern slow.
const KEY_SHAPES: readonly KeyShape[] = [
  { name: "AWS access key id", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { name: "GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,100})\b/ },
  { name: "Slack token", pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10,100}/ },
  { name: "Google API key", pattern: /\bAIza[\w-]{35}\b/ },
  { name: "Stripe live key", pattern: /\b[rs]k_live_[A-Za-z0-9]{16,100}\b/ },
  { name: "npm token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/ },
  {
    name: "JSON web token",
    pattern: /\beyJ[\w-]{10,1000}\.eyJ[\w-]{10,1000}\.[\w-]{10,1000}/,
  },
  {
    name: "password in an address",
    pattern: /\b[a-z+]{2,20}:\/\/[^\s:@/]{1,100}:[^\s:@/${}<>]{6,100}@/,
  },
];

// The mark alone is no key: at least one line of its body must follow.
const PRIVATE_KEY =
  /-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----(?:\s|\\n|["'+,])*[A-Za-z0-9+/=]{40}/;
const NAMED =
  /(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|credential)[\w.-]{0,40}["']?\s*/i;
const QUOTED = new RegExp(`${NAMED.source}(?:=>|[:=])\\s*(["'\`])([^"'\`\\s]{16,512})\\1`, "i");
const UNQUOTED = new RegExp(`${NAMED.source}[:=]\\s*([^\\s"'\`]{16,512})\\s*$`, "i");

const SETTINGS_FILE = /(?:^|\/)\.env[^/]*$|\.(?:env|ini|properties|conf|ya?ml)$/;
const LOCKFILE =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|go\.sum|[^/]*[.-]lock(?:\.ya?ml)?)$/;
const PLACEHOLDER =
  /example|sample|dummy|placeholder|change-?me|your[_-]|xxxx|12345|abcdef|:(?:pass(?:word)?|secret)@|\.{3}/i;
const HEX = /^(?:0x)?[0-9a-f-]+$/i;
const DIGEST = /^(?:sha\d+|md5)[-:=]/i;
/** Bits per character above which a text looks like chance; words and paths stay below. */
const CHANCE_BITS = 3.5;

/** Finds keys by their shape, and values of telling names that look like chance. Lockfiles hold hashes, no secrets. */
export function checkSecrets(path: string, text: string): Finding[] {
  if (LOCKFILE.test(path)) return [];
  const found = text.split("\n").flatMap((line, at) => {
    const secret = secretIn(line, SETTINGS_FILE.test(path));
    return secret === undefined ? [] : [secretFinding(secret, at + 1)];
  });
  return [...privateKey(text), ...found];
}

function privateKey(text: string): Finding[] {
  const match = PRIVATE_KEY.exec(text);
  if (match === null) return [];
  const line = text.slice(0, match.index).split("\n").length;
  const told = "a private key lies open";
  return [{ check: "private key", severity: "block", line, text: told, excess: 1 }];
}

/** What kind of secret a line holds and its first characters. */
function secretIn(line: string, settings: boolean): string | undefined {
  for (const { name, pattern } of KEY_SHAPES) {
    const key = pattern.exec(line)?.[0];
    if (key !== undefined && !PLACEHOLDER.test(key)) return `${name} ${hint(key)}`;
  }
  const value = QUOTED.exec(line)?.[2] ?? (settings ? UNQUOTED.exec(line)?.[1] : undefined);
  return value !== undefined && looksLikeChance(value) ? `secret value ${hint(value)}` : undefined;
}

function secretFinding(secret: string, line: number): Finding {
  return { check: "secret", severity: "block", line, text: secret, excess: 1 };
}

/** Enough of a secret to find it again, not enough to use it. */
function hint(secret: string): string {
  return `${secret.slice(0, 4)}…`;
}

function looksLikeChance(value: string): boolean {
  if (PLACEHOLDER.test(value) || HEX.test(value) || DIGEST.test(value)) return false;
  const mixed = /\d/.test(value) && /[a-z]/i.test(value);
  return mixed && !/[(){}<>$]/.test(value) && entropy(value) >= CHANCE_BITS;
}

/** Shannon entropy in bits per character. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
