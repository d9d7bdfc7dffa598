import { readFileSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import path from "node:path";
import { createHost, type HostOptions } from "@agentmesh/host";
import { LIMITS } from "@agentmesh/proto";
import { Client, credentials, status as GrpcStatus, Metadata } from "@grpc/grpc-js";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { writeCertificates } from "../support/certificates.ts";

const certificates = writeCertificates();
const directory = path.dirname(certificates.ca);
afterAll(() => certificates.remove());

const LISTEN = { listen: "127.0.0.1:0", logLevel: "silent" } as const;
const TLS = { tlsCert: certificates.hostCert, tlsKey: certificates.hostKey };

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

async function startHost(options: HostOptions): Promise<string> {
  const host = await createHost({ ...LISTEN, ...options });
  running.push(() => host.close());
  return host.address;
}

interface Caller {
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

/** The status of a call without content: INVALID_ARGUMENT comes from a host that listened to it. */
function statusOf(address: string, { cert, key, token }: Caller): Promise<number> {
  const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file));
  const trust = credentials.createSsl(readFileSync(certificates.ca), read(key), read(cert));
  const client = new Client(address, trust, { "grpc.ssl_target_name_override": "localhost" });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const bytes = (value: Buffer) => value;
  const method = "/agentmesh.v1.ClientService/Send";
  return new Promise((resolve) => {
    client.makeUnaryRequest(method, bytes, bytes, Buffer.alloc(0), metadata, (error) => {
      client.close();
      resolve(error?.code ?? GrpcStatus.OK);
    });
  });
}

describe("a host with a certificate", () => {
  test("is heard by who trusts its authority, and asks for its token", async () => {
    const address = await startHost({ ...TLS, token: "s3cret" });
    expect(await statusOf(address, { token: "s3cret" })).toBe(GrpcStatus.INVALID_ARGUMENT);
    expect(await statusOf(address, { token: "guess" })).toBe(GrpcStatus.UNAUTHENTICATED);
    expect(await statusOf(address, {})).toBe(GrpcStatus.UNAUTHENTICATED);
  });

  test("that knows authorities hears callers that one of them signed, and nobody else", async () => {
    const address = await startHost({ ...TLS, tlsCa: certificates.ca });
    const { workerCert, workerKey, strangerCert, strangerKey } = certificates;
    const worker = { cert: workerCert, key: workerKey };
    const stranger = { cert: strangerCert, key: strangerKey };
    expect(await statusOf(address, worker)).toBe(GrpcStatus.INVALID_ARGUMENT);
    expect(await statusOf(address, stranger)).toBe(GrpcStatus.UNAVAILABLE);
    expect(await statusOf(address, {})).toBe(GrpcStatus.UNAVAILABLE);
  });
});

describe("a host says what is wrong with", () => {
  const nonsense = path.join(directory, "nonsense.pem");
  writeFileSync(nonsense, "not a certificate\n");

  test.each<[string, HostOptions, string]>([
    [
      "no certificate",
      { tlsCert: nonsense },
      `tls-cert: ${nonsense} holds no certificate in PEM form`,
    ],
    [
      "no key",
      { tlsKey: nonsense },
      `tls-key: ${nonsense} holds no private key in PEM form without passphrase`,
    ],
    ["no authority", { tlsCa: nonsense }, `tls-ca: ${nonsense} holds no certificate in PEM form`],
    [
      "the key of another certificate",
      { tlsKey: certificates.workerKey },
      `tls-key: ${certificates.workerKey} is not the key of the certificate in ${certificates.hostCert}`,
    ],
  ])("%s", async (_, options, text) => {
    await expect(createHost({ ...LISTEN, ...TLS, ...options })).rejects.toThrow(
      `INVALID_ARGUMENT: ${text}`,
    );
  });
});

describe("the HTTP/2 windows of a host", () => {
  /** Resolves when everything that the server sends at the start has come: the answer to a ping is behind it. */
  function settled(session: ClientHttp2Session): Promise<void> {
    return new Promise((resolve, reject) => {
      session.once("error", reject);
      session.once("remoteSettings", () => {
        session.ping((error) => (error === null ? resolve() : reject(error)));
      });
    });
  }

  test.each<[string, HostOptions]>([
    ["http", {}],
    ["https", TLS],
  ])("are raised for streams and connections over %s", async (scheme, options) => {
    const address = await startHost(options);
    const trust = { ca: readFileSync(certificates.ca), servername: "localhost" };
    const session = connect(`${scheme}://${address}`, trust);
    running.push(() => session.destroy());
    await settled(session);
    expect(session.remoteSettings.initialWindowSize).toBe(LIMITS.http2WindowBytes);
    expect(session.state.remoteWindowSize).toBe(LIMITS.http2WindowBytes);
  });
});
