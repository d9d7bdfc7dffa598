import { describe, expect, test } from "vitest";
import { json, run } from "./agentmesh.ts";
import { startTemple, type Temple } from "./oracle.ts";

/** A host with an oracle and three agents of it that are active. */
async function busyTemple(): Promise<Temple> {
  const temple = await startTemple();
  for (const key of ["a", "b", "c"])
    await run(["send", `oracle/${key}`, "demo.Forget"], { env: temple.env });
  return temple;
}

describe("what lives in a mesh", () => {
  test("is told as JSON", async () => {
    const { env, host } = await busyTemple();
    const [status, workers, agents, subscriptions] = await Promise.all(
      [["status"], ["workers"], ["agents"], ["subscriptions"]].map((args) => json(args, { env })),
    );
    expect(status).toMatchObject({
      address: host.address,
      draining: false,
      workersConnected: 1,
      agentsActive: 3,
      counters: { sends: 3 },
    });
    expect(workers).toMatchObject({
      workers: [{ name: "oracle-1", phase: "open", agentTypes: ["oracle"], agentsActive: 3 }],
      nextCursor: "",
    });
    expect(agents).toMatchObject({
      agents: ["a", "b", "c"].map((key) => ({ agent: `oracle/${key}`, inFlight: 0, queued: 0 })),
      nextCursor: "",
    });
    expect(subscriptions).toMatchObject({
      subscriptions: [{ topic: "news", match: "exact", agentType: "oracle" }],
    });
  });

  test("is aligned for people, without colours in a pipe", async () => {
    const { env } = await busyTemple();
    const [status, workers, agents, subscriptions] = await Promise.all(
      [["status"], ["workers"], ["agents"], ["subscriptions"]].map((args) => run(args, { env })),
    );
    expect(status?.out).toMatch(
      /^address +127\.0\.0\.1:\d+\nhost +\S+, version \S+\nstate +serving\n/,
    );
    expect(workers?.out).toMatch(
      /^SESSION {3}NAME {6}PROTOCOL {6}STATE {2}AGENTS {2}IN FLIGHT {2}TYPES\n[0-9a-f]{8} {2}oracle-1 {2}agentmesh\.v1 {2}open {8}3 {10}0 {2}oracle\n$/,
    );
    expect(agents?.out.split("\n")).toEqual([
      "SESSION   IN FLIGHT  WAITING  AGENT",
      ...["a", "b", "c"].map((key) =>
        expect.stringMatching(new RegExp(`^[0-9a-f]{8} {10}0 {8}0 {2}oracle/${key}$`)),
      ),
      "",
    ]);
    expect(subscriptions?.out).toMatch(
      /^SESSION {3}AGENT TYPE {2}TOPIC\n[0-9a-f]{8} {2}oracle {6}news\n$/,
    );
    for (const finished of [status, workers, agents, subscriptions]) {
      expect(finished).toMatchObject({ ended: 0, err: "" });
      expect(
        Math.max(...(finished?.out ?? "").split("\n").map((line) => line.length)),
      ).toBeLessThanOrEqual(80);
    }
  });

  test("is listed in parts", async () => {
    const { env } = await busyTemple();
    const first = await run(["agents", "--limit", "2"], { env });
    const [, cursor = ""] = /^There are more: --cursor (\S+)\n$/.exec(first.err) ?? [];
    expect(await json(["agents", "--cursor", cursor], { env })).toMatchObject({
      agents: [{ agent: "oracle/c" }],
      nextCursor: "",
    });
  });

  test("tells what can be asked of an agent type, and how it looks", async () => {
    const { env } = await busyTemple();
    expect((await run(["types"], { env })).out.split("\n")).toEqual([
      "WORKERS  AGENTS  TYPE    HANDLES",
      "      1       3  oracle  demo.Ask, demo.Tell, demo.Forget, demo.Wait, demo.Headline",
      "",
    ]);
    const ask = { messageType: "demo.Ask", replyType: "demo.Answer" };
    expect(await json(["types"], { env })).toMatchObject({
      types: [{ type: "oracle", workers: 1, agents: 3 }],
      nextCursor: "",
    });
    expect(await json(["types", "oracle"], { env })).toMatchObject({
      type: "oracle",
      handles: expect.arrayContaining([
        {
          ...ask,
          schemaType: "application/schema+json",
          schema: expect.objectContaining({
            properties: { question: { type: "string" } },
            required: ["question"],
          }),
        },
      ]),
    });
    const shown = await run(["types", "oracle"], { env });
    expect(shown.out).toMatch(/^oracle\nworkers 1, agents 3\n\ndemo\.Ask → demo\.Answer\n\{\n/);
    const unknown = await run(["types", "prophet"], { env });
    expect(unknown).toMatchObject({ ended: 9, out: "" });
    expect(unknown.err).toContain("no worker has announced agent type prophet");
  });

  test("is only that of the namespace and type that are asked for", async () => {
    const { env } = await busyTemple();
    const [type, elsewhere] = await Promise.all([
      run(["agents", "--type", "prophet"], { env }),
      run(["workers", "--namespace", "elsewhere"], { env }),
    ]);
    expect([type.out, elsewhere.out]).toEqual(["no active agents\n", "no workers\n"]);
  });
});
