import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { loadDescriptors, readDescriptorSet } from "./descriptors.ts";
import { HEALTH_SERVICE, Health } from "./health.ts";
import { Reflection } from "./reflection.ts";

const run = promisify(execFile);
const BUF = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const SERVICES = ["agentmesh.v1.GatewayService", "agentmesh.v1.ClientService", HEALTH_SERVICE];
const V1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

const running: (() => void)[] = [];
afterEach(() => {
  for (const stop of running.splice(0).reverse()) stop();
});

async function start(): Promise<string> {
  const server = new Server();
  new Health(SERVICES).register(server);
  new Reflection(SERVICES, loadDescriptors()).register(server);
  running.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return `127.0.0.1:${port}`;
}

function bufCurl(address: string, ...args: readonly string[]): Promise<{ stdout: string }> {
  const [first = "", ...rest] = args;
  const flags = ["--protocol", "grpc", "--http2-prior-knowledge"];
  const url = first.startsWith("--") ? `http://${address}` : `http://${address}/${first}`;
  const others = first.startsWith("--") ? args : rest;
  return run(process.execPath, [BUF, "curl", ...flags, url, ...others]);
}

/** One question as bytes of field `tag`, and the bytes of the answer. */
async function ask(address: string, tag: number, text: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  running.push(() => client.close());
  const call = client.makeBidiStreamRequest(
    V1,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
  );
  call.write(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)]));
  call.end();
  const answers: Buffer[] = [];
  for await (const answer of call) answers.push(answer);
  expect(answers).toHaveLength(1);
  return Buffer.concat(answers).toString("latin1");
}

describe("the descriptors", () => {
  const files = loadDescriptors();

  test("name every file once, and every import is among them", () => {
    const names = files.map((file) => file.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { imports } of files) expect(names).toEqual(expect.arrayContaining([...imports]));
  });

  test("know services, methods, messages and enums, nested ones too", () => {
    const symbols = files.flatMap((file) => file.symbols);
    expect(symbols).toEqual(
      expect.arrayContaining([
        "agentmesh.v1.GatewayService",
        "agentmesh.v1.GatewayService.Connect",
        "agentmesh.v1.WorkerFrame",
        "agentmesh.v1.ErrorCode",
        "grpc.health.v1.HealthCheckResponse.ServingStatus",
      ]),
    );
  });

  test("of an empty set are none", () => {
    expect(readDescriptorSet(Buffer.alloc(0))).toEqual([]);
  });
});

describe("reflection, asked by buf curl", () => {
  test("lists services and methods of files that import others", async () => {
    const address = await start();
    const { stdout } = await bufCurl(address, "--list-methods");
    expect(stdout.trim().split("\n").sort()).toEqual([
      "agentmesh.v1.ClientService/Publish",
      "agentmesh.v1.ClientService/Send",
      "agentmesh.v1.ClientService/SendStream",
      "agentmesh.v1.GatewayService/Connect",
      "grpc.health.v1.Health/Check",
      "grpc.health.v1.Health/Watch",
    ]);
  });

  test.each(["grpc-v1", "grpc-v1alpha"])("makes a call by what %s tells", async (protocol) => {
    const address = await start();
    const { stdout } = await bufCurl(
      address,
      "grpc.health.v1.Health/Check",
      "--reflect-protocol",
      protocol,
      "--data",
      '{"service":"agentmesh.v1.GatewayService"}',
    );
    expect(JSON.parse(stdout)).toEqual({ status: "SERVING" });
  });
});

describe("reflection, asked directly", () => {
  test("gives a file with all that it imports", async () => {
    const answer = await ask(await start(), 0x1a, "agentmesh/v1/client.proto");
    for (const name of ["client", "content", "identity"]) {
      expect(answer).toContain(
        `\x0a${String.fromCharCode(name.length + 19)}agentmesh/v1/${name}.proto`,
      );
    }
    expect(answer).not.toContain("WorkerFrame");
  });

  test("finds the file of a message", async () => {
    const answer = await ask(await start(), 0x22, "agentmesh.v1.WorkerFrame");
    expect(answer).toContain("agentmesh/v1/gateway.proto");
  });

  test.each([
    [0x1a, "no/such.proto", "there is no no/such.proto"],
    [0x22, "no.Such", "there is no no.Such"],
    [0x32, "agentmesh.v1.Hello", "this host has no extensions"],
  ])("answers field %i of %s with an error", async (tag, text, message) => {
    expect(await ask(await start(), tag, text)).toContain(message);
  });
});
