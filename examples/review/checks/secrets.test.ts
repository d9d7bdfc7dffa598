import { describe, expect, it } from "vitest";
import { checkSecrets } from "./secrets.ts";

// Put together here, so that no search for secrets stumbles over this file.
const AWS_KEY = ["AKIA", "Q7ZP2WLM9TRB4XVN"].join("");
const RANDOM = ["q8Zt4Wp", "Xn2Lr9Vd", "K7sBf3Mj"].join("");
const BODY = RANDOM.repeat(4);
const BEGIN = ["-----BEGIN", "RSA PRIVATE KEY-----"].join(" ");

function found(text: string, path = "a.ts") {
  return checkSecrets(path, text).map(({ check, line, text: told }) => `${check} ${line}: ${told}`);
}

describe("checkSecrets", () => {
  it("knows well-known keys by their shape and never shows them whole", () => {
    expect(found(`\nconst id = "${AWS_KEY}";`)).toEqual(["secret 2: AWS access key id AKIA…"]);
    expect(found(`postgres://admin:${RANDOM}@db/x`)).toHaveLength(1);
  });

  it("knows values of telling names that look like chance", () => {
    expect(found(`apiKey: "${RANDOM}",`)).toHaveLength(1);
    expect(found(`{ "client_secret": "${RANDOM}" }`, "a.json")).toHaveLength(1);
    expect(found(`DB_PASSWORD=${RANDOM}`, "deploy/.env.local")).toHaveLength(1);
  });

  it("leaves words, expressions, placeholders and hashes alone", () => {
    const innocent = [
      `const token = tokenize("${"some-words-with-dashes-only"}");`,
      `secret: process.env.CLIENT_SECRET_2_VALUE,`,
      `password = "\${vault.password2}"`,
      `apiKey: "your-api-key-12345678"`,
      `token: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"`,
      `"integrity": "sha512-${RANDOM}"`,
      `accessKey = "123e4567-e89b-12d3-a456-426614174000"`,
      `const TOKEN_KIND = "connection.token.kind1"`,
    ].join("\n");
    expect(found(innocent)).toEqual([]);
    expect(found(`TOKEN=${RANDOM}`, "a.ts")).toEqual([]);
  });

  it("wants to see a private key's body, not its mark alone", () => {
    expect(found(`${BEGIN}\n${BODY}`)).toEqual(["private key 1: a private key lies open"]);
    expect(found(`if (text.startsWith("${BEGIN}")) return;`)).toEqual([]);
  });

  it("does not read lockfiles", () => {
    for (const path of ["package-lock.json", "a/yarn.lock", "pnpm-lock.yaml", "go.sum"]) {
      expect(found(`"token": "${RANDOM}"`, path)).toEqual([]);
    }
  });
});
