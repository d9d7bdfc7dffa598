/**
 * Certificates for tests, made when they are needed: no keys in the repository, nothing that runs out, no other
 * program. Just enough of X.509 (RFC 5280) and DER for ECDSA over P-256.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A certificate and its private key. */
interface Identity {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

/** Files of a small world of certificates. */
export interface CertificateFiles {
  /** The authority that signed host and worker. */
  readonly ca: string;
  /** The host: localhost, 127.0.0.1 and ::1. */
  readonly hostCert: string;
  readonly hostKey: string;
  /** A worker, for mutual TLS. */
  readonly workerCert: string;
  readonly workerKey: string;
  /** A worker that an unknown authority signed. */
  readonly strangerCert: string;
  readonly strangerKey: string;
  /** A host whose certificate ran out. */
  readonly expiredCert: string;
  readonly expiredKey: string;
  /** A host at mesh.example. */
  readonly elsewhereCert: string;
  readonly elsewhereKey: string;
  /** Deletes the files. */
  remove(): void;
}

/** Writes certificates for a host and its workers into a directory of their own. */
export function writeCertificates(): CertificateFiles {
  const directory = mkdtempSync(path.join(tmpdir(), "agentmesh-certificates-"));
  const authority = issue("test authority");
  const host = issue("test host", authority);
  const worker = issue("test worker", authority);
  const stranger = issue("stranger", issue("unknown authority"));
  const expired = issue("expired host", authority, { until: "20210101000000Z" });
  const elsewhere = issue("test host elsewhere", authority, { name: "mesh.example" });
  const write = (name: string, pem: string): string => {
    const file = path.join(directory, name);
    writeFileSync(file, pem);
    return file;
  };
  return {
    ca: write("ca.pem", authority.cert),
    hostCert: write("host.pem", host.cert),
    hostKey: write("host-key.pem", host.key),
    workerCert: write("worker.pem", worker.cert),
    workerKey: write("worker-key.pem", worker.key),
    strangerCert: write("stranger.pem", stranger.cert),
    strangerKey: write("stranger-key.pem", stranger.key),
    expiredCert: write("expired.pem", expired.cert),
    expiredKey: write("expired-key.pem", expired.key),
    elsewhereCert: write("elsewhere.pem", elsewhere.cert),
    elsewhereKey: write("elsewhere-key.pem", elsewhere.key),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  text: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

// The dotted number is beside each; DER packs it into these bytes.
const OID = {
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: "2a8648ce3d040302",
  /** 2.5.4.3 */
  commonName: "550403",
  /** 2.5.29.17 */
  subjectAltName: "551d11",
  /** 2.5.29.19 */
  basicConstraints: "551d13",
} as const;

const ALGORITHM = der(TAG.sequence, oid(OID.ecdsaWithSha256));
const TRUE = der(TAG.boolean, Buffer.of(0xff));

/** What is unlike most certificates. */
interface Particulars {
  /** When it runs out. Default: not in this century. */
  readonly until?: string;
  /** The only name that it is for. Default: localhost, 127.0.0.1 and ::1. */
  readonly name?: string;
}

/** Without an authority: one that signs for itself. With one: somebody that it vouches for. */
function issue(name: string, authority?: Identity, particulars: Particulars = {}): Identity {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = der(
    TAG.sequence,
    der(TAG.version, der(TAG.integer, Buffer.of(2))),
    der(TAG.integer, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ALGORITHM,
    distinguishedName(authority?.name ?? name),
    validity(particulars.until ?? "21200101000000Z"),
    distinguishedName(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(
      TAG.extensions,
      der(TAG.sequence, authority === undefined ? caExtension() : nameExtension(particulars.name)),
    ),
  );
  const signature = sign("sha256", body, authority?.privateKey ?? privateKey);
  const bits = der(TAG.bits, Buffer.of(0), signature);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { name, cert: pem(der(TAG.sequence, body, ALGORITHM, bits)), key, privateKey };
}

function distinguishedName(name: string): Buffer {
  const pair = der(TAG.sequence, oid(OID.commonName), der(TAG.text, Buffer.from(name)));
  return der(TAG.sequence, der(TAG.set, pair));
}

function caExtension(): Buffer {
  const value = der(TAG.octets, der(TAG.sequence, TRUE));
  return der(TAG.sequence, oid(OID.basicConstraints), TRUE, value);
}

function validity(until: string): Buffer {
  const from = der(TAG.time, Buffer.from("20200101000000Z"));
  return der(TAG.sequence, from, der(TAG.time, Buffer.from(until)));
}

function nameExtension(name: string | undefined): Buffer {
  const addresses = [
    der(TAG.ipAddress, Buffer.of(127, 0, 0, 1)),
    der(TAG.ipAddress, Buffer.of(...Array(15).fill(0), 1)),
  ];
  const names = der(
    TAG.sequence,
    der(TAG.dnsName, Buffer.from(name ?? "localhost")),
    ...(name === undefined ? addresses : []),
  );
  return der(TAG.sequence, oid(OID.subjectAltName), der(TAG.octets, names));
}

function oid(bytes: string): Buffer {
  return der(TAG.oid, Buffer.from(bytes, "hex"));
}

/** One value of DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >>> 8, length & 0xff);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
