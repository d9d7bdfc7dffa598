import { DEFAULTS } from "@agentmesh/proto";
import type { Hello } from "@agentmesh/proto/agentmesh/v1";
import { FakeClock } from "@agentmesh/proto/testing";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { encodeBatch } from "../../support/batches.ts";
import { agentType, control, hello, publish, reply, send } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

const HELLO = control({ $case: "hello", value: hello() });

test("the headers of the host leave at once, before any Hello", async () => {
  const mesh = await hostForTest();
  const stream = mesh.stream();
  await stream.metadata;
  expect(stream.end).toBeUndefined();
});

test("Welcome tells the terms of the host", async () => {
  const mesh = await hostForTest({
    leaseMs: 700,
    requestWindow: 12,
    alternateAddresses: ["10.0.0.2:50051"],
  });
  const worker = await mesh.worker();
  expect(worker.welcome).toMatchObject({
    version: 1,
    features: [],
    hostId: mesh.host.hostId,
    resumed: false,
    lapsedThrough: 0,
    leaseMs: 700,
    sessionGraceMs: DEFAULTS.sessionGraceMs,
    heartbeatMs: DEFAULTS.heartbeatMs,
    livenessMs: DEFAULTS.livenessMs,
    maxPayloadBytes: DEFAULTS.maxPayloadBytes,
    requestWindow: 12,
    requestWindowBytes: DEFAULTS.requestWindowBytes,
    replayBytes: DEFAULTS.replayBytes,
    alternateAddresses: ["10.0.0.2:50051"],
    adopted: [],
    defaultTimeoutMs: DEFAULTS.timeoutMs,
  });
  expect(worker.welcome.hostVersion).not.toBe("");
  expect(worker.welcome.sessionId).not.toBe("");
  expect(worker.welcome.resumeToken.length).toBeGreaterThanOrEqual(16);
});

test("a worker without resume gets no token", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker([], { hello: { resume: false } });
  expect(worker.welcome.resumeToken).toBe("");
});

describe("the first batch holds one Hello and nothing else:", () => {
  const batches: readonly (readonly [string, Buffer])[] = [
    ["a send instead of Hello", encodeBatch([send(1, "a/b", "")])],
    ["a publish beside Hello", encodeBatch([HELLO, publish(1, "a/b", "")])],
    ["two Hellos", encodeBatch([HELLO, HELLO])],
    ["a numbered Hello", encodeBatch([HELLO], 1)],
    ["an empty batch", encodeBatch([])],
    ["no bytes at all", Buffer.alloc(0)],
    ["bytes that are no batch", Buffer.from("ffffffffffffffffffffff", "hex")],
    ["bytes of another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ];
  test.each(batches)("%s is refused", async (_name, batch) => {
    const mesh = await hostForTest();
    const stream = mesh.stream();
    stream.write(batch);
    const end = await stream.ended;
    expect(end.status).toBe(Status.INVALID_ARGUMENT);
    expect(end.details).toMatch(/^PROTOCOL_VIOLATION: ./);
    expect(end.error?.code).toBe("PROTOCOL_VIOLATION");
  });
});

describe("Hello is checked:", () => {
  const hellos: readonly (readonly [string, Partial<Hello>, string])[] = [
    ["versions that are too new", { versionMin: 2, versionMax: 9 }, "VERSION_UNSUPPORTED"],
    ["versions that are too old", { versionMin: 0, versionMax: 0 }, "VERSION_UNSUPPORTED"],
    ["a namespace with a slash", { namespace: "a/b" }, "INVALID_ARGUMENT"],
    ["an instance id of 7 bytes", { instanceId: "1234567" }, "INVALID_ARGUMENT"],
    ["an instance id of 65 bytes", { instanceId: "x".repeat(65) }, "INVALID_ARGUMENT"],
    ["a name of 129 bytes", { name: "ü".repeat(65) }, "INVALID_ARGUMENT"],
    [
      "65 labels",
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ""])) },
      "INVALID_ARGUMENT",
    ],
    ["an agent type with a blank", { agentTypes: [agentType("a b")] }, "INVALID_ARGUMENT"],
    ["an agent type twice", { agentTypes: [agentType("a"), agentType("a")] }, "AGENT_TYPE_TAKEN"],
  ];
  test.each(hellos)("%s are refused with a status that says why", async (_name, changes, code) => {
    const mesh = await hostForTest();
    const end = await mesh.stranger().refused(changes);
    expect(end.error?.code).toBe(code);
    expect(end.details).toBe(`${code}: ${end.error?.text}`);
    expect(end.error?.statusText).toBe(end.details);
    expect(end.error?.statusCode).toBe(end.status);
    const { workersConnected, workersSuspended } = await mesh.client.status();
    expect([workersConnected, workersSuspended]).toEqual([0, 0]);
  });

  test("versions that include ours are welcome", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker([], { hello: { versionMin: 1, versionMax: 7 } });
    expect(worker.welcome.version).toBe(1);
  });
});

describe("a host with a token", () => {
  test.each([
    ["no token", {}],
    ["a wrong token", { authorization: "Bearer guess" }],
    ["another scheme", { authorization: "Basic c2VjcmV0" }],
  ])("refuses a worker with %s", async (_name, headers) => {
    const mesh = await hostForTest({ token: "secret" });
    const end = await mesh.stranger({ headers: headers as Record<string, string> }).refused();
    expect(end.status).toBe(Status.UNAUTHENTICATED);
    expect(end.details).toMatch(/^UNAUTHENTICATED: ./);
    expect(end.error).toMatchObject({
      code: "UNAUTHENTICATED",
      outcome: "not-executed",
      statusCode: end.status,
    });
  });

  test("welcomes a worker with it", async () => {
    const mesh = await hostForTest({ token: "secret" });
    const worker = await mesh.worker([], { headers: { authorization: "Bearer secret" } });
    expect(worker.welcome.resumed).toBe(false);
  });
});

test("a draining host welcomes nobody, and says so to those it has", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const worker = await mesh.worker(["slow"]);
  const asked = worker.ask("slow/one", "");
  const deliver = await worker.next("deliver");
  const drained = mesh.host.drain({ graceMs: 60_000 });
  expect(await worker.nextControl("drain")).toEqual({ graceMs: 60_000, address: "" });
  expect(await mesh.stranger().refused()).toMatchObject({
    status: Status.UNAVAILABLE,
    error: { code: "HOST_DRAINING", outcome: "not-executed", retryable: true },
  });
  worker.write(publish(1, "news/s", ""));
  expect((await worker.nextControl("refused")).error?.code).toBe(17);
  expect(await worker.ask("slow/two", "")).toMatchObject({ failure: { code: "HOST_DRAINING" } });
  worker.write(reply(deliver, "done"));
  expect(await asked).toMatchObject({ kind: "reply" });
  await worker.settleUp();
  clock.advance(20);
  await drained;
  expect((await worker.ended).error?.code).toBe("HOST_DRAINING");
});

test("who says no Hello is let go after the limit", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const stream = mesh.stream();
  await stream.metadata;
  clock.advance(9_999);
  expect(stream.end).toBeUndefined();
  clock.advance(1);
  expect((await stream.ended).details).toBe("PROTOCOL_VIOLATION: no Hello within 10000 ms");
});

test("a host with as many sessions as it may have refuses one more, and says that it may be tried again", async () => {
  const mesh = await hostForTest({ maxSessions: 1 });
  const first = await mesh.worker();
  const end = await mesh.stranger().refused();
  expect(end).toMatchObject({
    status: Status.RESOURCE_EXHAUSTED,
    error: { code: "OVERLOADED", retryable: true },
  });
  await first.leave();
  await mesh.stranger().open();
});
