import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Failure, failure, invalid, METADATA } from "@agentmesh/proto";
import type { Metadata } from "@grpc/grpc-js";
import { fileProblem } from "./file-problem.ts";

/** Who a caller has proved to be. */
export interface Principal {
  /** `anonymous` where the host asks for no token. */
  readonly kind: "anonymous" | "token";
}

/** Decides who may speak to the host. */
export interface Authenticator {
  /**
   * Who sent this metadata, or the failure `UNAUTHENTICATED` to answer with: `"code" in result` tells them apart.
   * Never throws.
   */
  authenticate(metadata: Metadata): Principal | Failure;
}

/** Where the token comes from: at most one of the two. */
export interface TokenSource {
  /** The token; undefined when none is asked for or a file holds it. */
  readonly token: string | undefined;
  /** File that holds the token. */
  readonly tokenFile: string | undefined;
}

const ANONYMOUS: Principal = { kind: "anonymous" };
const WITH_TOKEN: Principal = { kind: "token" };
const MISSING = failure(
  "UNAUTHENTICATED",
  "the host asks for a token: send `authorization: Bearer <token>`",
);
const WRONG = failure("UNAUTHENTICATED", "the token is not the one of this host");
const BEARER = /^Bearer +(\S+)$/i;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** Whether the text can travel as a bearer token: 1–4 096 visible ASCII characters without a blank. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Admits callers that send the token, everyone where there is none. The file is read once, here; blanks and line ends
 * around its token do not count.
 *
 * @throws MeshError `INVALID_ARGUMENT` when the file cannot be read or holds no token.
 */
export function createAuthenticator(source: TokenSource): Authenticator {
  const token = source.tokenFile === undefined ? source.token : readToken(source.tokenFile);
  if (token === undefined) return { authenticate: () => ANONYMOUS };
  const expected = digest(token);
  return { authenticate: (metadata) => check(metadata, expected) };
}

function check(metadata: Metadata, expected: Buffer): Principal | Failure {
  const values = metadata.get(METADATA.authorization);
  if (values.length === 0) return MISSING;
  const given = values.length === 1 ? BEARER.exec(String(values[0]))?.[1] : undefined;
  // Digests have one length, so the comparison takes the same time for every token, long or short.
  return given !== undefined && timingSafeEqual(digest(given), expected) ? WITH_TOKEN : WRONG;
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw invalid(`token-file: ${fileProblem(file, error)}`);
  }
  if (isToken(token)) return token;
  throw invalid(`token-file: ${file} must hold one token of 1–4096 visible ASCII characters`);
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
