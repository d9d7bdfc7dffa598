import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import type { SendOptions } from "./agent/context.ts";
import { defineAgent } from "./agent/define-agent.ts";
import { openAccess } from "./connection/access.ts";
import {
  type HostOptions,
  resolveClient,
  resolveHost,
  resolveWorker,
  type WorkerOptions,
} from "./options.ts";
import { createLocalRuntime } from "./runtime/local/create-local-runtime.ts";
import { Ask } from "./test-doubles/messages.ts";

const worker = (options: WorkerOptions, environment = {}) =>
  resolveWorker(options, environment, "fallback");

test("without anything a host is on this machine, in plaintext", () => {
  expect(resolveHost({}, {})).toEqual({
    addresses: ["127.0.0.1:50051"],
    token: { text: "", file: "" },
    tls: undefined,
    namespace: "default",
  });
  expect(resolveClient({}, {})).toMatchObject({
    connectTimeoutMs: 10_000,
    maxPayloadBytes: 4 * 1024 * 1024,
  });
  expect(worker({})).toMatchObject({
    name: "fallback",
    labels: {},
    maxInFlight: 0,
    maxTurnMs: 600_000,
    turnGraceMs: 10_000,
  });
});

test("an option wins over the environment, which wins over the default", () => {
  const environment = {
    AGENTMESH_ADDRESS: "env:1,env:2",
    AGENTMESH_TOKEN: "env-token",
    AGENTMESH_NAMESPACE: "env-space",
    AGENTMESH_TLS_CA: "/env/ca",
    AGENTMESH_TLS_SERVER_NAME: "env.name",
  };
  expect(resolveHost({}, environment)).toEqual({
    addresses: ["env:1", "env:2"],
    token: { text: "env-token", file: "" },
    tls: { caFile: "/env/ca", certFile: "", keyFile: "", serverName: "env.name" },
    namespace: "env-space",
  });
  const given = { host: "own:1", token: "own", namespace: "space", tls: { caFile: "/own/ca" } };
  expect(resolveHost(given, environment)).toMatchObject({
    addresses: ["own:1"],
    token: { text: "own", file: "" },
    tls: { caFile: "/own/ca", serverName: "env.name" },
    namespace: "space",
  });
  expect(resolveHost({}, { AGENTMESH_ADDRESS: "" }).addresses).toEqual(["127.0.0.1:50051"]);
});

test("TLS can be asked for without files, and turned off", () => {
  expect(resolveHost({ tls: true }, {}).tls).toMatchObject({ caFile: "" });
  expect(resolveHost({ tls: {} }, {}).tls).toMatchObject({ caFile: "" });
  expect(resolveHost({ tls: false }, { AGENTMESH_TLS_CA: "/env/ca" }).tls).toBeUndefined();
});

test.each<[string, WorkerOptions]>([
  ["http://", { host: "http://mesh" }],
  ["no address", { host: [] }],
  ["namespace", { namespace: "no spaces" }],
  ["tls.certFile and tls.keyFile", { tls: { certFile: "/only" } }],
  ["name", { name: "x".repeat(129) }],
  ["labels has 65", { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, ""])) }],
  ["labels.zone", { labels: { zone: 1 as unknown as string } }],
  ["maxInFlight", { maxInFlight: 0 }],
  ["maxInFlight", { maxInFlight: 1.5 }],
  ["connectTimeoutMs", { connectTimeoutMs: -1 }],
  ["connectTimeoutMs", { connectTimeoutMs: 2 ** 31 }],
  ["maxTurnMs", { maxTurnMs: Number.NaN }],
  ["turnGraceMs", { turnGraceMs: 0 }],
])("names what is wrong with %s", (named, options) => {
  expect(() => worker(options)).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(named),
    }),
  );
});

test.each([0, 1_023, 1.5, 2 ** 26 + 1])(
  "a client cannot send up to %s bytes",
  (maxPayloadBytes) => {
    expect(() => resolveClient({ maxPayloadBytes }, {})).toThrow(
      "maxPayloadBytes must be an integer",
    );
  },
);

test("files of TLS that cannot be read or used are named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "agentmesh-"));
  const broken = join(folder, "broken.pem");
  await writeFile(broken, "no certificate");
  const files = { caFile: "", certFile: "", keyFile: "", serverName: "" };
  const token = { text: "", file: "" };
  const missing = { tls: { ...files, caFile: join(folder, "none") }, token };
  await expect(openAccess(missing)).rejects.toThrow(/tls.caFile cannot be read: ENOENT/);
  const pair = { ...files, certFile: broken, keyFile: broken };
  await expect(openAccess({ tls: pair, token })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  expect(
    await openAccess({
      tls: { ...files, serverName: "mesh" },
      token: { text: "secret", file: "" },
    }),
  ).toMatchObject({
    serverName: "mesh",
    token: "secret",
  });
  await rm(folder, { recursive: true });
});

test("what is no token is refused, and not repeated", () => {
  for (const token of ["s3cret\n", "s3 cret", "s\u00e9cret", "x".repeat(4_097)]) {
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => resolveHost({ token }, {})).toThrow(refused);
    expect(() => resolveHost({ token }, {})).toThrow(/^(?!.*cret)INVALID_ARGUMENT: token must be/);
    const environment = { AGENTMESH_TOKEN: token };
    expect(() => resolveHost({}, environment)).toThrow(/^(?!.*cret).*AGENTMESH_TOKEN must be/);
  }
});

test("a token may be in a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "agentmesh-"));
  const [tokenFile, other] = [join(folder, "token"), join(folder, "other")];
  await writeFile(tokenFile, "s3cret\n");
  await writeFile(other, "s3cret and more\n");
  const tokenOf = async (options: HostOptions, environment = {}) =>
    (await openAccess(resolveHost(options, environment))).token;
  const environment = { AGENTMESH_TOKEN_FILE: tokenFile };
  expect(await tokenOf({}, environment)).toBe("s3cret");
  expect(await tokenOf({}, { ...environment, AGENTMESH_TOKEN: "text" })).toBe("text");
  expect(await tokenOf({ tokenFile }, { AGENTMESH_TOKEN: "text" })).toBe("s3cret");
  expect(await tokenOf({ token: "own", tokenFile })).toBe("own");
  expect(await tokenOf({ token: "" }, environment)).toBeUndefined();
  await expect(tokenOf({ tokenFile: other })).rejects.toThrow(/^(?!.*cret).*must hold one token/);
  await expect(tokenOf({ tokenFile: join(folder, "none") })).rejects.toThrow(
    /cannot be read: ENOENT/,
  );
  await rm(folder, { recursive: true });
});

test("an option that is undefined is as good as none", async () => {
  const given: HostOptions = { host: undefined, token: undefined, tls: undefined };
  expect(resolveHost(given, {})).toEqual(resolveHost({}, {}));
  expect(worker({ ...given, maxInFlight: undefined, turnGraceMs: undefined })).toEqual(worker({}));
  const pass = (timeoutMs?: number, signal?: AbortSignal): SendOptions => ({ timeoutMs, signal });
  const definition = defineAgent("worker", {
    ...{ idleMs: undefined, concurrency: undefined, onUnknown: undefined },
    handlers: (on) => [on(Ask, ({ n }) => ({ n }))],
  });
  await using runtime = createLocalRuntime({ maxTurnMs: undefined });
  await runtime.register(definition, pass());
  expect(await runtime.send(agentId("worker", "k"), Ask({ n: 1 }), pass())).toEqual({ n: 1 });
});
