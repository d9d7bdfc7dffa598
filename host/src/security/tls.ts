import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { invalid } from "@agentmesh/proto";
import { ServerCredentials } from "@grpc/grpc-js";
import { fileProblem } from "./file-problem.ts";

/** Files of a TLS server, PEM. */
export interface TlsFiles {
  /** Certificate of the host, followed by intermediate certificates. */
  readonly cert: string;
  /** Its private key, without passphrase. */
  readonly key: string;
  /** Certificates of authorities; with it, workers and clients must show a certificate from one of them. */
  readonly ca: string | undefined;
}

/**
 * Credentials of the server; plaintext without files. The files are read once, here.
 *
 * @throws MeshError `INVALID_ARGUMENT` when a file cannot be read, is not what it should be, or key and certificate do
 * not belong together.
 */
export function loadServerCredentials(files: TlsFiles | undefined): ServerCredentials {
  if (files === undefined) return ServerCredentials.createInsecure();
  const cert = read("tls-cert", files.cert);
  const key = read("tls-key", files.key);
  const ca = files.ca === undefined ? null : read("tls-ca", files.ca);
  const certificate = parseCertificate("tls-cert", files.cert, cert);
  if (!certificate.checkPrivateKey(parseKey(files.key, key))) {
    throw invalid(`tls-key: ${files.key} is not the key of the certificate in ${files.cert}`);
  }
  if (files.ca !== undefined && ca !== null) parseCertificate("tls-ca", files.ca, ca);
  return ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], ca !== null);
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw invalid(`${option}: ${fileProblem(file, error)}`);
  }
}

function parseCertificate(option: string, file: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    // The reason is OpenSSL's and tells people nothing.
    throw invalid(`${option}: ${file} holds no certificate in PEM form`);
  }
}

function parseKey(file: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The reason is OpenSSL's and tells people nothing.
    throw invalid(`tls-key: ${file} holds no private key in PEM form without passphrase`);
  }
}
