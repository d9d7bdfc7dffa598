import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, credentials, status as GrpcStatus, Server } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "vitest";
import { writeCertificates } from "../../../test/support/certificates.ts";
import { loadServerCredentials } from "./tls.ts";

const certificates = writeCertificates();
const directory = mkdtempSync(path.join(tmpdir(), "agentmesh-tls-"));
const nonsense = path.join(directory, "nonsense.pem");
writeFileSync(nonsense, "not a certificate\n");

afterAll(() => {
  certificates.remove();
  rmSync(directory, { recursive: true, force: true });
});

const GOOD = { cert: certificates.hostCert, key: certificates.hostKey, ca: undefined };

describe("credentials of the server", () => {
  test("are plaintext without files", () => {
    expect(loadServerCredentials(undefined)._isSecure()).toBe(false);
  });

  test("are TLS with a certificate and its key", () => {
    const credentials = loadServerCredentials(GOOD);
    expect(credentials._isSecure()).toBe(true);
    expect(credentials._getConstructorOptions()).toMatchObject({ requestCert: false });
  });

  test("ask callers for a certificate where authorities are given", () => {
    const credentials = loadServerCredentials({ ...GOOD, ca: certificates.ca });
    expect(credentials._getConstructorOptions()).toMatchObject({ requestCert: true });
  });

  const missing = path.join(directory, "missing.pem");
  test.each([
    [
      "a missing file",
      { cert: missing },
      `tls-cert: cannot read ${missing}: there is no such file`,
    ],
    ["a missing key", { key: missing }, `tls-key: cannot read ${missing}: there is no such file`],
    [
      "a missing authority",
      { ca: missing },
      `tls-ca: cannot read ${missing}: there is no such file`,
    ],
    ["a directory", { cert: directory }, `tls-cert: cannot read ${directory}: it is a directory`],
    [
      "no certificate",
      { cert: nonsense },
      `tls-cert: ${nonsense} holds no certificate in PEM form`,
    ],
    [
      "no key",
      { key: nonsense },
      `tls-key: ${nonsense} holds no private key in PEM form without passphrase`,
    ],
    ["no authority", { ca: nonsense }, `tls-ca: ${nonsense} holds no certificate in PEM form`],
    [
      "the key of another certificate",
      { key: certificates.workerKey },
      `tls-key: ${certificates.workerKey} is not the key of the certificate in ${certificates.hostCert}`,
    ],
  ])("say what is wrong with %s", (_, files, text) => {
    expect(() => loadServerCredentials({ ...GOOD, ...files })).toThrow(`INVALID_ARGUMENT: ${text}`);
  });
});

describe("a host that knows authorities", () => {
  /** The status of a call to a method that does not exist: UNIMPLEMENTED comes from the other end. */
  function callWith(port: number, key?: string, cert?: string): Promise<number> {
    const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file));
    const trust = credentials.createSsl(readFileSync(certificates.ca), read(key), read(cert));
    const client = new Client(`127.0.0.1:${port}`, trust);
    const bytes = (value: Buffer) => value;
    return new Promise((resolve) => {
      client.makeUnaryRequest("/a.B/C", bytes, bytes, Buffer.alloc(0), (error) => {
        client.close();
        resolve(error?.code ?? GrpcStatus.OK);
      });
    });
  }

  test("hears callers that one of them signed, and nobody else", async () => {
    const server = new Server();
    const own = loadServerCredentials({ ...GOOD, ca: certificates.ca });
    const port = await new Promise<number>((resolve) => {
      server.bindAsync("127.0.0.1:0", own, (_, bound) => resolve(bound));
    });
    const { workerKey, workerCert, strangerKey, strangerCert } = certificates;
    try {
      expect(await callWith(port, workerKey, workerCert)).toBe(GrpcStatus.UNIMPLEMENTED);
      expect(await callWith(port, strangerKey, strangerCert)).toBe(GrpcStatus.UNAVAILABLE);
      expect(await callWith(port)).toBe(GrpcStatus.UNAVAILABLE);
    } finally {
      server.forceShutdown();
    }
  });
});
