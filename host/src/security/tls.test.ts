import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
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
