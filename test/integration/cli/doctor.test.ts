import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import {
  Server as GrpcServer,
  status as GrpcStatus,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { writeCertificates } from "../../support/certificates.ts";
import { hostForTest } from "../../support/host.ts";
import { json, run } from "./agentmesh.ts";
import { startTemple } from "./oracle.ts";

const files = writeCertificates();
afterAll(() => files.remove());

interface Told {
  readonly step: string;
  readonly state: string;
  readonly text: string;
  readonly advice?: string;
}

/** The exit code of the doctor, and what it told of the step that failed. */
async function diagnose(...args: readonly string[]) {
  const { ended, out, err } = await run([
    "doctor",
    "--json",
    "--connect-timeout-ms",
    "2000",
    ...args,
  ]);
  expect(err).toBe("");
  const { ok, hosts } = JSON.parse(out) as { ok: boolean; hosts: { steps: Told[] }[] };
  const steps = hosts[0]?.steps ?? [];
  const failed = steps.find(({ state }) => state === "failed");
  expect(ok).toBe(failed === undefined);
  // Nothing behind the step that failed was tried.
  const behind = failed === undefined ? [] : steps.slice(steps.indexOf(failed) + 1);
  expect(behind.every(({ state }) => state === "skipped")).toBe(true);
  return { ended, step: failed?.step, text: failed?.text ?? "", advice: failed?.advice ?? "" };
}

/** Listens on a free port until the test ends. @returns `127.0.0.1:port`. */
async function listening(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function secureHost(cert = files.hostCert, key = files.hostKey): Promise<string> {
  return (await hostForTest({ tlsCert: cert, tlsKey: key })).address;
}

describe("doctor finds a healthy host", () => {
  test("and says of each step that it is ok", async () => {
    const { env, host } = await startTemple();
    const { ended, out } = await run(["doctor", "--type", "oracle"], { env });
    expect(ended).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toBe(host.address);
    const states = lines
      .filter((line) => /^ {2}\w/.test(line))
      .map((line) => line.trim().split(/ +/));
    expect(states.map(([state, step]) => `${state} ${step}`)).toEqual(
      [
        "proxy",
        "name",
        "tcp",
        "tls",
        "http/2",
        "health",
        "token",
        "protocol",
        "namespace",
        "types",
      ].map((step) => `ok ${step}`),
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("over TLS, with a client certificate and a token", async () => {
    const mesh = await hostForTest({
      tlsCert: files.hostCert,
      tlsKey: files.hostKey,
      tlsCa: files.ca,
      token: "s3cret",
    });
    const tls = [
      "--tls-ca",
      files.ca,
      "--tls-cert",
      files.workerCert,
      "--tls-key",
      files.workerKey,
    ];
    const told = await diagnose("--host", mesh.address, "--token", "s3cret", ...tls);
    expect(told).toMatchObject({ ended: 0, step: undefined });
  });

  test("among several addresses", async () => {
    const mesh = await hostForTest();
    const env = { AGENTMESH_ADDRESS: `127.0.0.1:1,${mesh.address}` };
    expect(await json(["doctor"], { env })).toMatchObject({
      ok: true,
      hosts: [
        { address: "127.0.0.1:1", ok: false },
        { address: mesh.address, ok: true },
      ],
    });
  });
});

describe("doctor says what to do when", () => {
  test("the name does not resolve", async () => {
    const told = await diagnose("--host", "no-such-host.invalid");
    expect(told).toMatchObject({ ended: 5, step: "name" });
    expect(told.text).toMatch(/^no-such-host\.invalid does not resolve/);
  });

  test("nothing listens", async () => {
    const server = createTcpServer();
    const address = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await diagnose("--host", address)).toEqual({
      ended: 5,
      step: "tcp",
      text: `nothing listens on ${address}`,
      advice: expect.stringContaining(`agentmesh host --listen ${address}`),
    });
  });

  test("the host speaks TLS and the caller does not", async () => {
    const address = await secureHost();
    expect(await diagnose("--host", address)).toEqual({
      ended: 5,
      step: "http/2",
      text: `${address} speaks TLS, not plaintext`,
      advice: expect.stringContaining("--tls"),
    });
  });

  test("the caller speaks TLS and the host does not", async () => {
    const { address } = await hostForTest();
    const told = await diagnose("--host", address, "--tls");
    expect(told).toMatchObject({ ended: 5, step: "tls" });
    expect(told.text).toMatch(new RegExp(`^${address} does not speak TLS`));
    expect(told.advice).toContain("leave out --tls");
  });

  test("no trusted authority signed the certificate", async () => {
    const address = await secureHost();
    const told = await diagnose("--host", address, "--tls");
    expect(told).toMatchObject({
      ended: 5,
      step: "tls",
      advice: expect.stringContaining("--tls-ca"),
    });
    const other = await diagnose("--host", address, "--tls-ca", files.strangerCert);
    expect(other).toMatchObject({
      step: "tls",
      advice: expect.stringContaining("--tls-ca did not"),
    });
  });

  test("the certificate ran out", async () => {
    const address = await secureHost(files.expiredCert, files.expiredKey);
    const told = await diagnose("--host", address, "--tls-ca", files.ca);
    expect(told).toMatchObject({ ended: 5, step: "tls" });
    expect(told.text).toMatch(/^the host's certificate ran out at Jan .* 2021/);
  });

  test("the certificate is for another name", async () => {
    const address = await secureHost(files.elsewhereCert, files.elsewhereKey);
    const tls = ["--host", address, "--tls-ca", files.ca];
    const told = await diagnose(...tls);
    expect(told).toEqual({
      ended: 5,
      step: "tls",
      text: "the host's certificate is for mesh.example, not for 127.0.0.1",
      advice: expect.stringContaining("--tls-server-name"),
    });
    expect((await diagnose(...tls, "--tls-server-name", "mesh.example")).ended).toBe(0);
  });

  test("the host asks for a client certificate", async () => {
    const mesh = await hostForTest({
      tlsCert: files.hostCert,
      tlsKey: files.hostKey,
      tlsCa: files.ca,
    });
    const told = await diagnose("--host", mesh.address, "--tls-ca", files.ca);
    expect(told).toMatchObject({
      ended: 6,
      step: "http/2",
      advice: expect.stringContaining("--tls-cert"),
    });
  });

  test.each<[string, () => Promise<string>, string]>([
    ["a server that says something else", () => listening(createTcpServer(greet)), "http/2"],
    ["a server that says nothing", () => listening(createTcpServer()), "http/2"],
    [
      "a web server of old",
      () => listening(createHttp1Server((_, response) => response.end("hi"))),
      "http/2",
    ],
    [
      "a web server",
      () => listening(createHttp2Server((_, response) => response.end("hi"))),
      "health",
    ],
    ["another gRPC server", () => grpcServer(), "health"],
  ])("%s answers", async (_, serve, step) => {
    const told = await diagnose("--host", await serve());
    expect(told).toMatchObject({
      ended: 5,
      step,
      advice: expect.stringContaining("AgentMesh host"),
    });
  });

  test("the token is missing or wrong", async () => {
    const { address } = await hostForTest({ token: "s3cret" });
    const [missing, wrong] = await Promise.all([
      diagnose("--host", address),
      diagnose("--host", address, "--token", "guess"),
    ]);
    expect(missing).toMatchObject({
      ended: 6,
      step: "token",
      advice: expect.stringContaining("--token-file"),
    });
    expect(wrong).toMatchObject({
      ended: 6,
      step: "token",
      advice: expect.stringContaining("another"),
    });
  });

  test("no protocol version is spoken by both ends", async () => {
    const told = await diagnose("--host", await grpcServer(HOST_OF_LATER));
    expect(told).toEqual({
      ended: 1,
      step: "protocol",
      text: "VERSION_UNSUPPORTED: the worker speaks versions 1–1, the host 2–3",
      advice: expect.stringContaining("upgrade the older end"),
    });
  });

  test("the host has no room for a session", async () => {
    const mesh = await hostForTest({ maxSessions: 1 });
    await mesh.worker(["a"]);
    const told = await diagnose("--host", mesh.address);
    expect(told).toMatchObject({
      ended: 10,
      step: "protocol",
      advice: expect.stringContaining("--max-sessions"),
    });
  });

  test("an agent type is not announced", async () => {
    const mesh = await hostForTest();
    await mesh.worker(["oracle"]);
    const told = await diagnose("--host", mesh.address, "--type", "oracle", "--type", "orcale");
    expect(told).toMatchObject({
      ended: 9,
      step: "types",
      text: "no worker announces orcale; announced: oracle",
    });
  });

  test("nobody is in the namespace, or a proxy stands between: it warns", async () => {
    const mesh = await hostForTest();
    await mesh.worker(["oracle"]);
    const env = {
      AGENTMESH_ADDRESS: mesh.address,
      AGENTMESH_NAMESPACE: "elsewhere",
      no_proxy: "127.0.0.1",
      http_proxy: "http://127.0.0.1:1",
    };
    const told = (await json(["doctor"], { env })) as { ok: boolean; hosts: { steps: Told[] }[] };
    const warnings = told.hosts[0]?.steps.filter(({ state }) => state === "warning");
    expect(warnings?.map(({ step }) => step)).toEqual(["proxy", "namespace"]);
    expect(warnings?.[1]?.text).toBe("nobody is in elsewhere; 1 worker in other namespaces");
  });
});

/** As a mail server does. */
function greet(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.end("220 hello\r\n");
}

/** What a host answers that speaks later versions of the protocol only. */
const HOST_OF_LATER: Handlers = {
  "/grpc.health.v1.Health/Check": (call) => answer(call, Buffer.of(0x08, 1)),
  "/agentmesh.v1.AdminService/GetStatus": (call) => answer(call, Buffer.alloc(0)),
  "/agentmesh.v1.GatewayService/Connect": (call) => {
    const details = "VERSION_UNSUPPORTED: the worker speaks versions 1–1, the host 2–3";
    call.emit("error", { code: GrpcStatus.FAILED_PRECONDITION, details });
  },
};

function answer(call: ServerDuplexStream<Buffer, Buffer>, message: Buffer): void {
  call.write(message);
  call.end();
}

/** Answers by the path of the method. */
type Handlers = Readonly<Record<string, (call: ServerDuplexStream<Buffer, Buffer>) => void>>;

/** A gRPC server that has no other methods than these. */
async function grpcServer(handlers: Handlers = {}): Promise<string> {
  const server = new GrpcServer();
  const raw = (bytes: Buffer): Buffer => bytes;
  for (const [path, handle] of Object.entries(handlers))
    server.register(path, handle, raw, raw, "bidi");
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}
