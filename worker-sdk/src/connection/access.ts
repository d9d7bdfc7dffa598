import { readFile } from "node:fs/promises";
import { invalid, meshError } from "@agentmesh/proto";
import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { Access } from "./dial.ts";

/** Files and name for TLS; empty where not given. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string;
}

/**
 * Makes ready what it takes to reach a host: reads the files of TLS (undefined: plaintext). An empty token is none.
 * @throws MeshError `INVALID_ARGUMENT` naming the file that cannot be read or used.
 */
export async function openAccess(tls: TlsFiles | undefined, token: string): Promise<Access> {
  return {
    credentials: tls === undefined ? credentials.createInsecure() : await secure(tls),
    serverName: tls?.serverName === "" ? undefined : tls?.serverName,
    token: token === "" ? undefined : token,
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
