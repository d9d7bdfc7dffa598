import { readFile } from "node:fs/promises";
import { invalid, meshError } from "@agentmesh/proto";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { Access } from "./dial.ts";
import { readToken, type TokenSource } from "./token.ts";

/** Files and name for TLS; empty where not given. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string;
}

/** What {@link Access} is made of. */
export interface AccessSource {
  /** Undefined for plaintext. */
  readonly tls: TlsFiles | undefined;
  readonly token: TokenSource;
}

/**
 * Makes ready what it takes to reach a host: reads the files of TLS (undefined: plaintext) and of the token.
 * @throws MeshError `INVALID_ARGUMENT` naming the file that cannot be read or used.
 */
export async function openAccess({ tls, token }: AccessSource): Promise<Access> {
  return {
    credentials: tls === undefined ? credentials.createInsecure() : await secure(tls),
    serverName: tls?.serverName === "" ? undefined : tls?.serverName,
    token: await readToken(token),
  };
}

async function secure(tls: TlsFiles): Promise<ChannelCredentials> {
  const [ca, key, cert] = await Promise.all([
    read("tls.caFile", tls.caFile),
    read("tls.keyFile", tls.keyFile),
    read("tls.certFile", tls.certFile),
  ]);
  try {
    return credentials.createSsl(ca, key, cert);
  } catch (error) {
    throw invalidTls(error);
  }
}

async function read(option: string, file: string): Promise<Buffer | null> {
  if (file === "") return null;
  try {
    return await readFile(file);
  } catch (error) {
    const text = `${option} cannot be read: ${error instanceof Error ? error.message : error}`;
    throw meshError("INVALID_ARGUMENT", text, { cause: error });
  }
}

function invalidTls(error: unknown): Error {
  return invalid(
    `the files of tls cannot be used: ${error instanceof Error ? error.message : error}`,
  );
}
