/** What a worker of AutoGen does wrong, or what happens to it, harms only its own agents. */
import type { HostOptions } from "@agentmesh/host";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import { AutogenPeer, json } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/waiting.ts";

const MIB = 1024 * 1024;

/** A host with a peer that behaves, its own agent `good` included. */
async function stage(
  options: HostOptions = {},
  clock?: FakeClock,
  log?: { write(line: string): void },
) {
  const mesh = await hostForTest(options, clock, log);
  const good = new AutogenPeer(mesh.address);
  await good.open();
  await good.serve("good", "news");
  good.echo("good");
  const bad = new AutogenPeer(mesh.address);
  return { mesh, good, bad };
}

async function isWell(peer: AutogenPeer): Promise<void> {
  expect((await peer.request("good/1", "well?")).payload?.data.toString()).toBe("1: well?");
}

describe("bytes that are no message", () => {
  test("end the stream that wrote them, and the client may come back", async () => {
    const { good, bad } = await stage();
    const channel = await bad.open();
    await bad.serve("bad");
    channel.write(Buffer.from([0x0a, 0x7f, 0x01]));
    expect(await channel.ended).toMatchObject({
      code: 3,
      details: expect.stringMatching(/^PROTOCOL_VIOLATION: malformed/),
    });
    await isWell(good);
    await bad.open();
    bad.echo("bad");
    expect((await good.request("bad/1", "x")).error).toBe("");
  });

  test("are refused by every unary method", async () => {
    const { bad } = await stage();
    const garbage = { finish: () => Buffer.from([0x0a, 0x7f, 0x01]) };
    for (const method of ["RegisterAgent", "AddSubscription", "RemoveSubscription"])
      expect(await bad.call(method, garbage)).toMatchObject({ code: 3 });
  });

  test("end a control channel", async () => {
    const { good, bad } = await stage();
    const channel = await bad.openControl();
    channel.write(Buffer.from([0x0a, 0x7f, 0x01]));
    expect(await channel.ended).toMatchObject({ code: 3 });
    await isWell(good);
  });
});

describe("a response", () => {
  test("to a request that the client was not asked changes nothing", async () => {
    const { good, bad } = await stage();
    await bad.open();
    await good.serve("patient");
    const from = bad.inbox.mark;
    const requestId = bad.ask("patient/1", "?");
    const [request] = await good.requests(1);
    const given = request?.requestId ?? "";
    for (const id of ["", "1", "1.1", "x.y", "-1", given, `${given}0`]) {
      const value = { requestId: id, payload: json("Lie", "{}"), error: "", metadata: {} };
      bad.write({ $case: "response", value });
    }
    await bad.request("good/1", "a fence");
    const value = { requestId: given, payload: json("Truth", "{}"), error: "", metadata: {} };
    good.write({ $case: "response", value });
    expect((await bad.response(requestId, from)).payload?.dataType).toBe("Truth");
  });

  test("that comes after the deadline changes nothing", async () => {
    const clock = new FakeClock();
    const { good, bad } = await stage({ timeoutMs: 1_000, livenessMs: 1e6 }, clock);
    await bad.open();
    await bad.serve("slow");
    const from = good.inbox.mark;
    const requestId = good.ask("slow/1", "?");
    const [request] = await bad.requests(1);
    clock.advance(1_100);
    expect((await good.response(requestId, from)).error).toMatch(/^DEADLINE_EXCEEDED: /);
    const late = { requestId: request?.requestId ?? "", payload: json("Late", "{}"), error: "" };
    bad.write({ $case: "response", value: { ...late, metadata: {} } });
    bad.echo("slow");
    expect((await good.request("slow/1", "again")).payload?.data.toString()).toBe("1: again");
  });
});

test("a response that never comes fails its call when the turn has taken too long", async () => {
  const clock = new FakeClock();
  const limits = { timeoutMs: 600_000, maxTurnMs: 1_000, turnGraceMs: 1_000, livenessMs: 1e6 };
  const { good, bad } = await stage(limits, clock);
  await bad.open();
  await bad.serve("mute");
  const from = good.inbox.mark;
  const requestId = good.ask("mute/1", "?");
  await bad.requests(1);
  for (let looks = 0; looks < 10; looks++) clock.advance(1_000);
  expect((await good.response(requestId, from)).error).toMatch(/^TURN_ABANDONED: /);
});

describe("a request", () => {
  test.each([
    ["good/", /^INVALID_ARGUMENT: the key of the target is empty/],
    ["no type/1", /^INVALID_ARGUMENT: agent type "no type" breaks the grammar/],
    [`good/${"k".repeat(513)}`, /^INVALID_ARGUMENT: agent key .* is longer than 512 bytes/],
  ])("to %s is answered with an error", async (target, error) => {
    const { bad } = await stage();
    await bad.open();
    expect((await bad.request(target, "x")).error).toMatch(error);
  });

  test("without a target is answered with an error", async () => {
    const { bad } = await stage();
    await bad.open();
    const response = await bad.request("/", "x", { target: undefined });
    expect(response.error).toBe("INVALID_ARGUMENT: the target is missing");
  });

  test("and its answer may be as large as the host allows", async () => {
    const { good, bad } = await stage();
    await bad.open();
    const text = "x".repeat(4 * MIB - 200);
    const response = await bad.request("good/1", text);
    expect(response.payload?.data).toHaveLength(text.length + "1: ".length);
    await isWell(good);
  });

  test("that is larger is refused, and the stream goes on", async () => {
    const { bad } = await stage();
    await bad.open();
    const response = await bad.request("good/1", "x".repeat(4 * MIB + 1));
    expect(response.error).toMatch(/^PAYLOAD_TOO_LARGE: /);
    await isWell(bad);
  });

  test("that is larger than gRPC takes from anybody else is refused in the same way", async () => {
    const { good, bad } = await stage();
    await bad.open();
    const response = await bad.request("good/1", "x".repeat(12 * MIB));
    expect(response.error).toMatch(/^PAYLOAD_TOO_LARGE: 125\d{5} bytes; the most is 4194304$/);
    await isWell(bad);
    await isWell(good);
  });

  test("that another worker of AutoGen could not take is refused to who sends it", async () => {
    const { good, bad } = await stage();
    await bad.open();
    // As a content it is just small enough, as a message of AutoGen it is not.
    const response = await bad.request("good/1", "x".repeat(4 * MIB - 40));
    expect(response.error).toMatch(/^PAYLOAD_TOO_LARGE: .* as a message of AutoGen/);
    await isWell(good);
  });

  test("is answered with an error when the answer is too large", async () => {
    const { good, bad } = await stage();
    await bad.open();
    await good.serve("large");
    good.answer("large", () => ({ payload: json("Answer", "x".repeat(4 * MIB - 40)) }));
    expect((await bad.request("large/1", "?")).error).toMatch(/^PAYLOAD_TOO_LARGE: /);
    await isWell(bad);
  });
});

test("an answer that is larger than gRPC takes from anybody else fails its call, and no other", async () => {
  const { good, bad } = await stage();
  await bad.open();
  await bad.serve("bad");
  bad.answer("bad", () => ({ payload: json("Answer", "x".repeat(6 * MIB)) }));
  const { error } = await good.request("bad/1", "?");
  expect(error).toMatch(/^PAYLOAD_TOO_LARGE: the answer has 62\d{5} bytes; the most is 4194304$/);
  bad.echo("bad");
  await isWell(good);
  expect((await good.request("bad/1", "x")).error).toBe("");
});

test("an event that the host refuses is dropped and told in the log", async () => {
  const lines: string[] = [];
  const log = { write: (line: string) => lines.push(line) };
  const mesh = await hostForTest({ logLevel: "warn" }, undefined, log);
  const peer = new AutogenPeer(mesh.address);
  await peer.open();
  peer.publish("no topic/s", "x");
  peer.publish("news/", "x");
  peer.publish("news/s", "x".repeat(6 * MIB));
  await until(() => lines.length === 3, "three lines of the log");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "event.refused", code: "INVALID_ARGUMENT", sessionId: peer.clientId },
    { event: "event.refused", code: "INVALID_ARGUMENT", sessionId: peer.clientId },
    { event: "event.refused", code: "PAYLOAD_TOO_LARGE", sessionId: peer.clientId },
  ]);
});

describe("a client that reads nothing", () => {
  test("slows nobody, and gets all of it in order when it reads on", async () => {
    const { mesh, good, bad } = await stage();
    await bad.open();
    await bad.serve("bad", "news");
    bad.channel.pause();
    const count = 300;
    const text = "x".repeat(64 * 1024);
    const publisher = new AutogenPeer(mesh.address);
    await publisher.open();
    for (let index = 0; index < count; index++)
      publisher.publish("news/today", text, { id: `${index}` });
    expect(await good.events(count)).toHaveLength(count);
    await isWell(good);
    const { queued } = await mesh.client.status();
    expect(queued).toBeGreaterThan(0);
    bad.channel.resume();
    const ids = (await bad.events(count)).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  });

  test("loses its stream when more waits than may, and only that", async () => {
    const lines: string[] = [];
    const log = { write: (line: string) => lines.push(line) };
    const options = { outboxLimitBytes: 4 * MIB, logLevel: "info" } as const;
    const { good, bad } = await stage(options, undefined, log);
    await bad.open();
    bad.channel.pause();
    // Answers are not held back: they are what others wait to get rid of. grpc-js reads 16 messages ahead.
    for (let index = 0; index < 24; index++) bad.ask("good/1", "x".repeat(2 * MIB));
    const hasLost = (): boolean => lines.some((line) => line.includes("session.suspended"));
    await until(hasLost, "the host to give the client up", 20_000);
    bad.channel.resume();
    expect((await bad.channel.ended).details).toMatch(/^SLOW_CONSUMER/);
    await isWell(good);
  });
});

describe("a client that is frozen", () => {
  test("is noticed, and its calls fail", async () => {
    const { mesh, good } = await stage({ heartbeatMs: 50, livenessMs: 200, leaseMs: 100 });
    const proxy = await startTcpProxy(mesh.address);
    const frozen = new AutogenPeer(proxy.address);
    await frozen.open();
    await frozen.serve("frozen");
    const from = good.inbox.mark;
    const requestId = good.ask("frozen/1", "?");
    await frozen.requests(1);
    proxy.stall();
    expect((await good.response(requestId, from)).error).toMatch(
      /^WORKER_LOST: .* no sign of life for 200 ms/,
    );
    await isWell(good);
  });
});
