import { agentId, connectWorker } from "@agentmesh/worker-sdk";
import { afterAll, expect, test } from "vitest";
import { writeCertificates } from "../../support/certificates.ts";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { settlement, startCaller, startWorker, statusOf } from "./mesh.ts";
import { Work } from "./programs/messages.ts";

const certificates = writeCertificates();
afterAll(() => certificates.remove());

const { ca: caFile, hostCert: tlsCert, hostKey: tlsKey } = certificates;
const TOKEN = "correct-horse-battery-staple";
const GUARDED = { tlsCert, tlsKey, token: TOKEN };
const work = Work({ sender: "caller", sequence: 1 });

const isRefusal = ({ event }: { event: string }): boolean => event === "call.refused";

/** Connects where a test expects that to fail. */
async function attempt(options: Parameters<typeof connectWorker>[0]) {
  const settled = await settlement("the attempt to connect", connectWorker(options));
  if (settled.kind === "value") {
    await settled.value.close();
    throw new Error("it connected");
  }
  return settled.error;
}

test("TLS and a token: workers and callers with both work together", async () => {
  const host = await startHostProcess(GUARDED);
  const access = { host: host.address, token: TOKEN, tls: { caFile } };
  await startWorker("guarded", access);
  const { worker: caller } = await startCaller(access);
  expect(await caller.send(agentId("probe", "a"), work)).toMatchObject({ worker: "guarded" });
});

test("client certificates: who has one is admitted, and nobody else", async () => {
  const host = await startHostProcess({ tlsCert, tlsKey, tlsCa: caFile });
  const { workerCert: certFile, workerKey: keyFile, strangerCert, strangerKey } = certificates;
  const tls = { caFile, certFile, keyFile };
  await startWorker("known", { host: host.address, tls });
  const { worker: caller } = await startCaller({ host: host.address, tls });
  expect(await caller.send(agentId("probe", "a"), work)).toMatchObject({ worker: "known" });
  for (const refused of [{ caFile }, { caFile, certFile: strangerCert, keyFile: strangerKey }]) {
    const error = await attempt({ host: host.address, tls: refused, connectTimeoutMs: 700 });
    expect(error).toMatchObject({ code: "CONNECTION_LOST", outcome: "not-executed" });
  }
});

test.each([
  ["a wrong token", { token: "wrong" }],
  ["no token", {}],
])("%s is refused once, and not tried again", async (_, given) => {
  const host = await startHostProcess(GUARDED);
  const link = await startTcpProxy(host.address);
  const error = await attempt({ host: link.address, tls: { caFile }, ...given });
  expect(error).toMatchObject({ code: "UNAUTHENTICATED", outcome: "not-executed" });
  expect(link.accepted).toBe(1);
  // The log takes another way than the refusal, and may come later.
  await host.log.first(isRefusal, "the refusal in the host's log");
  expect(host.log.entries.filter(isRefusal)).toMatchObject([{ code: "UNAUTHENTICATED" }]);
});

test("a worker whose token has become wrong is told once, and ends", async () => {
  const host = await startHostProcess(GUARDED);
  const access = { host: host.address, token: TOKEN, tls: { caFile } };
  const worker = await startWorker("expelled", access);
  const { worker: caller, status } = await startCaller(access);
  const open = settlement("a send", caller.send(agentId("probe", "a"), Work({ ...HELD })));
  await host.kill();
  const other = await startHostProcess({ ...GUARDED, listen: host.address, token: "another" });
  await statusOf(worker, "closed");
  const isOver = ({ kind }: (typeof status.entries)[number]): boolean => kind === "closed";
  expect(await status.first(isOver, "the status closed")).toMatchObject({
    reason: { code: "UNAUTHENTICATED" },
  });
  expect(await open).toMatchObject({ kind: "failed", error: { outcome: "unknown" } });
  await expect(caller.send(agentId("probe", "a"), work)).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
  });
  await other.log.several(isRefusal, 2, "refusals in the host's log");
  expect(other.log.entries.filter(isRefusal)).toHaveLength(2);
});

const HELD = { sender: "caller", sequence: 1, held: true } as const;

test("a host that an unknown authority vouches for is not trusted", async () => {
  const host = await startHostProcess(GUARDED);
  const error = await attempt({
    host: host.address,
    token: TOKEN,
    tls: { caFile: certificates.strangerCert },
    connectTimeoutMs: 700,
  });
  expect(error).toMatchObject({
    code: "CONNECTION_LOST",
    outcome: "not-executed",
    retryable: true,
  });
  expect(error.message).toMatch(/certificate/);
});

test("plaintext towards a host with TLS, and TLS towards one without, say where they failed", async () => {
  const guarded = await startHostProcess(GUARDED);
  const open = await startHostProcess();
  for (const options of [
    { host: guarded.address, token: TOKEN },
    { host: open.address, tls: { caFile } },
  ]) {
    const error = await attempt({ ...options, connectTimeoutMs: 700 });
    expect(error).toMatchObject({ code: "CONNECTION_LOST", outcome: "not-executed" });
    expect(error.message).toContain(options.host);
  }
});

test.each(["caFile", "certFile"])(
  "tls.%s that cannot be read is an invalid argument",
  async (option) => {
    const missing = { [option]: "/no/such.pem", keyFile: "/no/such-key.pem" };
    const tls = option === "caFile" ? { caFile: "/no/such.pem" } : missing;
    const error = await attempt({ host: "127.0.0.1:1", tls });
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toContain("/no/such");
  },
);
