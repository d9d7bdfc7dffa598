import { DEFAULTS, MeshError } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { type AgentOptions, resolveAgentOptions } from "./agent-options.ts";

describe("resolveAgentOptions", () => {
  it("fills in the defaults", () => {
    expect(resolveAgentOptions("a", {})).toEqual({
      description: "",
      subscriptions: [],
      concurrency: 1,
      idleMs: DEFAULTS.idleMs,
      maxTurnMs: 0,
      agentWindow: 0,
    });
  });

  it("keeps what is given", () => {
    const given = { description: "x", concurrency: 4, idleMs: 0, maxTurnMs: 1, agentWindow: 4 };
    expect(resolveAgentOptions("a", given)).toEqual({ ...given, subscriptions: [] });
  });

  it("raises the window to a concurrency above the host's default window", () => {
    expect(resolveAgentOptions("a", { concurrency: DEFAULTS.agentWindow }).agentWindow).toBe(0);
    expect(resolveAgentOptions("a", { concurrency: 100 }).agentWindow).toBe(100);
    expect(resolveAgentOptions("a", { concurrency: 100, agentWindow: 200 }).agentWindow).toBe(200);
  });

  it("reads subscriptions in every form", () => {
    const subscriptions = ["a.b", { type: "c" }, { typePrefix: "d." }, { typePrefix: "" }];
    expect(
      resolveAgentOptions("a", { subscriptions, defaultSubscription: true }).subscriptions,
    ).toEqual([
      { type: "a.b" },
      { type: "c" },
      { typePrefix: "d." },
      { typePrefix: "" },
      { type: "default" },
    ]);
  });

  it.each<[AgentOptions, string]>([
    [{ concurrency: 0 }, "concurrency must be an integer of 1–65535, not 0"],
    [{ concurrency: 65_536 }, "concurrency must be an integer of 1–65535, not 65536"],
    [{ concurrency: 1.5 }, "concurrency must be an integer of 1–65535, not 1.5"],
    [{ concurrency: Number.NaN }, "concurrency must be an integer of 1–65535, not NaN"],
    [{ idleMs: -1 }, "idleMs must be an integer of 0–2147483647, not -1"],
    [
      { idleMs: Number.POSITIVE_INFINITY },
      "idleMs must be an integer of 0–2147483647, not Infinity",
    ],
    [{ maxTurnMs: 2 ** 31 }, "maxTurnMs must be an integer of 0–2147483647, not 2147483648"],
    [{ agentWindow: -1 }, "agentWindow must be 0 or an integer of 1–65535, not -1"],
    [{ agentWindow: 3, concurrency: 4 }, "agentWindow must be 0 or an integer of 4–65535, not 3"],
    [
      { description: "x".repeat(1_001) },
      "description must be at most 1000 characters, not 1001 characters",
    ],
    [{ subscriptions: ["a", "a"] }, 'subscriptions must be free of duplicates, not {"type":"a"}'],
    [
      { subscriptions: ["default"], defaultSubscription: true },
      "subscriptions must be free of duplicates",
    ],
    [{ subscriptions: ["a/b"] }, "subscriptions must be topic types of 1–256 word characters"],
    [{ subscriptions: [""] }, "subscriptions must be topic types of 1–256 word characters"],
    [{ subscriptions: [{ typePrefix: "a b" }] }, 'hyphens, not "a b"'],
  ])("refuses %j", (options, text) => {
    const attempt = (): unknown => resolveAgentOptions("oracle", options);
    expect(attempt).toThrow(MeshError);
    expect(attempt).toThrow(text);
    expect(attempt).toThrow("INVALID_ARGUMENT: agent type oracle: ");
  });
});
