import { type AddressInfo, createServer } from "node:net";
import { FakeClock } from "@agentmesh/proto/testing";
import { agentId, connectAdmin, connectClient, connectWorker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/waiting.ts";
import { settlement, startCaller, startWorker, statusOf } from "./mesh.ts";
import { Work } from "./programs/messages.ts";
import { SMALL_CHANCE } from "./programs/protocol.ts";

/** An address at which nobody listens: somebody did a moment ago. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

test.each(["", "a b:1", "http://127.0.0.1:50051", "127.0.0.1:99999", "::1:50051", ","])(
  "%j is no address of a host",
  async (host) => {
    await expect(connectWorker({ host })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      outcome: "not-executed",
    });
  },
);

test("where nothing listens, the error says what happened at last, and where", async () => {
  const hosts = [await deadAddress(), await deadAddress()];
  const options = { host: hosts, connectTimeoutMs: 500, random: SMALL_CHANCE };
  const settled = await settlement("the attempt to connect", connectWorker(options));
  expect(settled).toMatchObject({
    kind: "failed",
    error: { code: "CONNECTION_LOST", outcome: "not-executed", retryable: true },
  });
  if (settled.kind === "failed")
    expect(settled.error.message).toMatch(/127\.0\.0\.1:\d+: .*ECONNREFUSED 127\.0\.0\.1:\d+$/);
});

test.each([connectClient, connectAdmin])(
  "where nothing listens, %o says where",
  async (connect) => {
    const host = [await deadAddress(), await deadAddress()];
    const settled = await settlement<unknown>(
      "the attempt",
      connect({ host, connectTimeoutMs: 400 }),
    );
    expect(settled).toMatchObject({
      kind: "failed",
      error: { code: "CONNECTION_LOST", outcome: "not-executed", retryable: true },
    });
    if (settled.kind === "failed") expect(settled.error.message).toContain(host.join(", "));
  },
);

test("a name that nobody knows is told as such", async () => {
  const options = { host: "no-such-host.invalid:50051", connectTimeoutMs: 1_000 };
  const settled = await settlement("the attempt to connect", connectWorker(options));
  expect(settled).toMatchObject({ kind: "failed", error: { code: "CONNECTION_LOST" } });
  if (settled.kind === "failed") expect(settled.error.message).toContain("no-such-host.invalid");
});

test("of several addresses the one that answers is taken, at first and after its host is gone", async () => {
  const first = await startHostProcess();
  const second = await startHostProcess();
  const dead = await deadAddress();
  const host = [dead, first.address, second.address];
  const worker = await startWorker("seeking", { host });
  expect(await statusOf(worker, "connected")).toMatchObject({ address: first.address });
  const { worker: caller } = await startCaller({ host: second.address });
  const { mark } = worker.notices;
  await first.kill();
  expect(await statusOf(worker, "connected", { from: mark })).toMatchObject({
    address: second.address,
    resumed: false,
  });
  const work = Work({ sender: "caller", sequence: 1 });
  expect(await caller.send(agentId("probe", "a"), work)).toMatchObject({ worker: "seeking" });
});

test("an address that takes connections and never answers is named", async () => {
  const host = await startHostProcess();
  const black = await startTcpProxy(host.address);
  black.stall();
  const connecting = connectWorker({ host: black.address, connectTimeoutMs: 300 });
  const settled = await settlement("the attempt to connect", connecting);
  expect(settled).toMatchObject({ kind: "failed", error: { code: "CONNECTION_LOST" } });
  if (settled.kind === "failed") expect(settled.error.message).toContain(black.address);
});

test("an address that takes connections and never answers is left for the next", async () => {
  const host = await startHostProcess();
  const black = await startTcpProxy(host.address);
  black.stall();
  const clock = new FakeClock();
  const connecting = connectWorker({ host: [black.address, host.address], clock });
  await until(() => black.accepted > 0, "the first address to be tried");
  // Longer than a host has to welcome a worker, and not as long as the whole attempt may take.
  clock.advance(6_000);
  const settled = await settlement("the attempt to connect", connecting);
  expect(settled.kind).toBe("value");
  if (settled.kind !== "value") return;
  expect(settled.value.currentStatus).toMatchObject({ kind: "connected", address: host.address });
  await settled.value.close();
});

test("a peer that speaks something else is told as such", async () => {
  const stranger = createServer((socket) => socket.end("220 mail.example ESMTP\r\n"));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const { port } = stranger.address() as AddressInfo;
  const options = { host: `127.0.0.1:${port}`, connectTimeoutMs: 500, random: SMALL_CHANCE };
  const settled = await settlement("the attempt to connect", connectWorker(options));
  stranger.close();
  expect(settled).toMatchObject({ kind: "failed", error: { code: "CONNECTION_LOST" } });
  if (settled.kind === "failed") expect(settled.error.message).toContain(`127.0.0.1:${port}`);
});
