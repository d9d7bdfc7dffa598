import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Metadata } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "vitest";
import { createAuthenticator, isToken } from "./token.ts";

const NONE = { token: undefined, tokenFile: undefined };
const SECRET = { ...NONE, token: "s3cret" };

const directory = mkdtempSync(path.join(tmpdir(), "agentmesh-token-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function tokenFile(content: string): string {
  const file = path.join(directory, `token-${content.length}`);
  writeFileSync(file, content);
  return file;
}

function authorization(...values: readonly string[]): Metadata {
  const metadata = new Metadata();
  for (const value of values) metadata.add("authorization", value);
  return metadata;
}

describe("a host without a token", () => {
  test("admits everyone, with whatever they send", () => {
    const { authenticate } = createAuthenticator(NONE);
    expect(authenticate(new Metadata())).toEqual({ kind: "anonymous" });
    expect(authenticate(authorization("Bearer other"))).toEqual({ kind: "anonymous" });
  });
});

describe("a host with a token", () => {
  const { authenticate } = createAuthenticator(SECRET);

  test.each(["Bearer s3cret", "bearer s3cret", "BEARER   s3cret"])("admits %j", (value) => {
    expect(authenticate(authorization(value))).toEqual({ kind: "token" });
  });

  test("asks for a token where none is sent", () => {
    expect(authenticate(new Metadata())).toMatchObject({
      code: "UNAUTHENTICATED",
      text: "the host asks for a token: send `authorization: Bearer <token>`",
    });
  });

  test.each([
    ["Bearer S3cret"],
    ["Bearer s3cret2"],
    ["Bearer s3cre"],
    ["Bearer"],
    ["s3cret"],
    ["Basic s3cret"],
    ["Bearer s3cret", "Bearer s3cret"],
  ])("refuses %j and does not repeat it", (...values) => {
    expect(authenticate(authorization(...values))).toMatchObject({
      code: "UNAUTHENTICATED",
      text: "the token is not the one of this host",
      outcome: "not-executed",
      retryable: false,
    });
  });
});

describe("a token in a file", () => {
  test("counts without the line end", () => {
    const { authenticate } = createAuthenticator({ ...NONE, tokenFile: tokenFile("s3cret\n") });
    expect(authenticate(authorization("Bearer s3cret"))).toEqual({ kind: "token" });
  });

  test.each(["", "two words", "x".repeat(4_097)])("must be one token", (content) => {
    const file = tokenFile(content);
    expect(() => createAuthenticator({ ...NONE, tokenFile: file })).toThrow(
      `INVALID_ARGUMENT: token-file: ${file} must hold one token of 1–4096 visible ASCII characters`,
    );
  });

  test("must be there", () => {
    const file = path.join(directory, "missing");
    expect(() => createAuthenticator({ ...NONE, tokenFile: file })).toThrow(
      `INVALID_ARGUMENT: token-file: cannot read ${file}: there is no such file`,
    );
  });
});

test("a token is visible ASCII", () => {
  expect(["a", "~!", "x".repeat(4_096)].map(isToken)).toEqual([true, true, true]);
  expect(["", " ", "a b", "ä", "a\n"].map(isToken)).toEqual([false, false, false, false, false]);
});
