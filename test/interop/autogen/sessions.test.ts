/** The `client-id` as a session: what a client announces before, while and after it has a channel. */
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest, type TestHost } from "../../support/host.ts";
import { Journal } from "../../support/journal.ts";

const LEASE_MS = 1_500;
const GRACE_MS = 30_000;

interface LogLine {
  readonly event: string;
  readonly sessionId?: string;
}

/** A host with a clock and a log that the test looks at, and two peers: one asks, one is asked. */
async function stage(options = {}) {
  const clock = new FakeClock();
  const log = new Journal<LogLine>("the host's log");
  const write = (line: string): void => log.add(JSON.parse(line));
  const limits = { leaseMs: LEASE_MS, sessionGraceMs: GRACE_MS, livenessMs: 1e6 };
  const mesh = await hostForTest({ ...limits, logLevel: "info", ...options }, clock, { write });
  const asker = new AutogenPeer(mesh.address);
  await asker.open();
  const clerk = new AutogenPeer(mesh.address);
  clerk.echo("clerk");
  /** Resolves when the host has missed the clerk once more. */
  const missed = (from = 0) =>
    log.first(
      ({ event, sessionId }) => event === "session.suspended" && sessionId === clerk.clientId,
      "the host to miss the clerk",
      { from },
    );
  return { clock, log, mesh, asker, clerk, missed };
}

/** Resolves when the host holds this many messages. */
async function queued(mesh: TestHost, count: number): Promise<void> {
  await mesh.untilStatus((status) => status.queued === count, `${count} messages that wait`);
}

async function answerTo(asker: AutogenPeer, text = "x"): Promise<string | undefined> {
  const { payload, error } = await asker.request("clerk/1", text);
  return payload === undefined ? error : payload.data.toString();
}

describe("a client that announces before it opens its channel", () => {
  test("gets what has waited for it", async () => {
    const { mesh, asker, clerk } = await stage();
    await clerk.serve("clerk", "news");
    const from = asker.inbox.mark;
    const requestId = asker.ask("clerk/1", "early");
    asker.publish("news/today", "first");
    await queued(mesh, 2);
    await clerk.open();
    expect((await asker.response(requestId, from)).payload?.data.toString()).toBe("1: early");
    expect((await clerk.events(1))[0]?.data?.value.toString()).toBe("first");
  });

  test("is forgotten when it does not open one in time", async () => {
    const { clock, mesh, asker, clerk } = await stage();
    await clerk.serve("clerk");
    const from = asker.inbox.mark;
    const requestId = asker.ask("clerk/1", "early");
    await queued(mesh, 1);
    clock.advance(GRACE_MS);
    expect((await asker.response(requestId, from)).error).toMatch(/^(AGENT_TYPE_UNKNOWN|DEADLINE)/);
    expect(await answerTo(asker)).toMatch(/^AGENT_TYPE_UNKNOWN/);
  });
});

describe("a client whose stream has broken", () => {
  test("has lost its calls in flight, with a text that names it", async () => {
    const { asker, clerk } = await stage();
    await clerk.open();
    await clerk.serve("silent");
    const from = asker.inbox.mark;
    const requestId = asker.ask("silent/1", "?");
    await clerk.requests(1);
    await clerk.channel.cancel();
    const { error } = await asker.response(requestId, from);
    expect(error).toMatch(/^WORKER_LOST: AutoGen client .* was lost: its stream was/);
    expect(error).toContain(clerk.clientId);
  });

  test("gets on its next stream what came within the lease", async () => {
    const { mesh, asker, clerk, missed } = await stage();
    await clerk.open();
    await clerk.serve("clerk", "news");
    await clerk.channel.cancel();
    await missed();
    const from = asker.inbox.mark;
    const requestId = asker.ask("clerk/1", "meanwhile");
    asker.publish("news/today", "extra");
    await queued(mesh, 2);
    await clerk.open();
    expect((await asker.response(requestId, from)).payload?.data.toString()).toBe("1: meanwhile");
    expect(await clerk.events(1)).toHaveLength(1);
  });

  test("is announced no more after the lease, and again when it comes back within the grace", async () => {
    const { clock, asker, clerk, missed } = await stage();
    await clerk.open();
    await clerk.serve("clerk", "news");
    await clerk.channel.cancel();
    await missed();
    clock.advance(LEASE_MS);
    expect(await answerTo(asker)).toMatch(/^AGENT_TYPE_UNKNOWN/);
    expect(await asker.subscriptions()).toEqual([]);
    await clerk.open();
    expect(await answerTo(asker)).toBe("1: x");
    expect(await asker.subscriptions()).toHaveLength(1);
    asker.publish("news/today", "extra");
    expect(await clerk.events(1)).toHaveLength(1);
  });

  test("has to announce again after the grace", async () => {
    const { clock, asker, clerk, missed } = await stage();
    await clerk.open();
    await clerk.serve("clerk");
    await clerk.channel.cancel();
    await missed();
    clock.advance(LEASE_MS);
    clock.advance(GRACE_MS);
    await clerk.open();
    expect(await answerTo(asker)).toMatch(/^AGENT_TYPE_UNKNOWN/);
    await clerk.serve("clerk");
    expect(await answerTo(asker)).toBe("1: x");
  });

  test("does not get back what another one has taken", async () => {
    const { asker, clerk, missed } = await stage();
    await clerk.open();
    await clerk.serve("clerk", "news");
    await clerk.channel.cancel();
    await missed();
    await asker.serve("clerk", "news");
    asker.answer("clerk", () => ({ error: "the new one" }));
    await clerk.open();
    expect(await answerTo(asker)).toBe("the new one");
    expect((await clerk.register("clerk"))?.details).toMatch(
      /^Agent type clerk already registered/,
    );
  });
});

describe("a second channel of a client", () => {
  test("takes over, and the first one ends with an error", async () => {
    const { asker, clerk } = await stage();
    const first = await clerk.open();
    await clerk.serve("clerk");
    await clerk.open();
    expect(await first.ended).toMatchObject({
      details: expect.stringMatching(/^SESSION_SUPERSEDED/),
    });
    expect(await answerTo(asker)).toBe("1: x");
  });
});

describe("a client that has ended its half of the stream", () => {
  test("still gets events and the answers that it waits for", async () => {
    const { asker, clerk, mesh } = await stage();
    await clerk.open();
    await clerk.serve("clerk", "news");
    await asker.serve("slow");
    const requestId = clerk.ask("slow/1", "?");
    const [request] = await asker.requests(1);
    clerk.channel.halfClose();
    const worker = await mesh.worker(["other"]);
    await worker.barrier();
    asker.publish("news/today", "extra");
    const value = {
      requestId: request?.requestId ?? "",
      payload: undefined,
      error: "late",
      metadata: {},
    };
    asker.write({ $case: "response", value });
    expect(await clerk.response(requestId)).toMatchObject({ error: "late" });
    expect(await clerk.events(1)).toHaveLength(1);
  });

  test("is asked nothing any more: what it was asked fails", async () => {
    const { asker, clerk } = await stage();
    await clerk.open();
    await clerk.serve("silent");
    const from = asker.inbox.mark;
    const requestId = asker.ask("silent/1", "?");
    await clerk.requests(1);
    clerk.channel.halfClose();
    expect((await asker.response(requestId, from)).error).toMatch(/^WORKER_LOST: .* cannot answer/);
    expect((await asker.request("silent/2", "?")).error).toMatch(/^WORKER_LOST: .* cannot answer/);
  });
});

describe("a subscription", () => {
  test("that a client declares twice holds until both have ended", async () => {
    const { asker, clerk } = await stage();
    await clerk.open();
    await clerk.serve("clerk");
    await clerk.subscribe("news", "clerk", "one");
    await clerk.subscribe("news", "clerk", "two");
    await clerk.unsubscribe("one");
    expect(await asker.subscribe("news", "clerk")).toMatchObject({
      code: 3,
      details: "Subscription already exists",
    });
    asker.publish("news/today", "extra");
    expect(await clerk.events(1)).toHaveLength(1);
    await clerk.unsubscribe("two");
    expect(await asker.subscribe("news", "clerk")).toBeUndefined();
  });

  test("of another client cannot be ended", async () => {
    const { asker, clerk } = await stage();
    await clerk.serve("clerk");
    await clerk.subscribe("news", "clerk", "one");
    expect(await asker.unsubscribe("one")).toMatchObject({ code: 5 });
    expect(await asker.subscriptions()).toHaveLength(1);
  });
});

describe("an agent type", () => {
  test("of a worker of agentmesh.v1 is refused to a client of AutoGen", async () => {
    const { mesh, clerk } = await stage();
    await mesh.worker(["clerk"]);
    expect(await clerk.register("clerk")).toMatchObject({
      code: 3,
      details: expect.stringMatching(/^Agent type clerk already registered/),
    });
  });

  test("may be announced twice by the same client", async () => {
    const { clerk } = await stage();
    expect([await clerk.register("clerk"), await clerk.register("clerk")]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("that breaks the grammar is refused", async () => {
    const { clerk } = await stage();
    expect(await clerk.register("not a type")).toMatchObject({ code: 3 });
  });
});

test("clients of other namespaces are not seen", async () => {
  const { mesh, asker, clerk } = await stage();
  await clerk.open();
  await clerk.serve("clerk", "news");
  const stranger = new AutogenPeer(mesh.address, { namespace: "elsewhere" });
  await stranger.open();
  expect(await stranger.subscriptions()).toEqual([]);
  expect((await stranger.request("clerk/1", "x")).error).toMatch(/^AGENT_TYPE_UNKNOWN/);
  expect(await stranger.register("clerk")).toBeUndefined();
  expect(await answerTo(asker)).toBe("1: x");
});

test("a host that asks for a token lets no client in that has none", async () => {
  const { clerk } = await (async () => {
    const mesh = await hostForTest({ token: "secret" });
    return { clerk: new AutogenPeer(mesh.address) };
  })();
  expect(await clerk.register("clerk")).toMatchObject({ code: 16 });
});
