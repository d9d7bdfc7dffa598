import { agentId } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { type FaultRule, Faults, type InTransit } from "./faults.ts";

const REQUEST: InTransit = {
  leg: "request",
  messageType: "test.Ask",
  from: undefined,
  to: agentId("worker", "a"),
  topic: undefined,
};

/** What happens to so many messages, one letter each. */
function course(faults: Faults, message: InTransit, count: number): string {
  return Array.from({ length: count }, () => faults.decide(message)?.kind[0] ?? ".").join("");
}

function faultsOf(seed: number, ...rules: readonly FaultRule[]): Faults {
  const faults = new Faults(seed, true);
  for (const rule of rules) faults.add(rule);
  return faults;
}

describe("faults", () => {
  const drop: FaultRule = { fault: "drop", chance: 0.3 };

  it("are the same for the same seed, and others for another one", () => {
    const once = course(faultsOf(7, drop), REQUEST, 60);
    expect(course(faultsOf(7, drop), REQUEST, 60)).toBe(once);
    expect(course(faultsOf(8, drop), REQUEST, 60)).not.toBe(once);
  });

  it("do not depend on what happens between others at the same time", () => {
    const faults = faultsOf(7, drop);
    const other = { ...REQUEST, to: agentId("worker", "b") };
    const mixed = Array.from({ length: 60 }, () => {
      faults.decide(other);
      return faults.decide(REQUEST)?.kind[0] ?? ".";
    });
    expect(mixed.join("")).toBe(course(faultsOf(7, drop), REQUEST, 60));
  });

  it("hit about as many as chance says", () => {
    const hits = course(faultsOf(1, drop), REQUEST, 2_000).replaceAll(".", "").length;
    expect(hits).toBeGreaterThan(500);
    expect(hits).toBeLessThan(700);
  });

  it("hit all without a chance, until the rule is used up, and then by the next rule", () => {
    const faults = faultsOf(1, { fault: "drop", times: 2 }, { fault: "cut", times: 1 });
    expect(course(faults, REQUEST, 5)).toBe("ddc..");
  });

  it("hit what the rule is about", () => {
    const faults = faultsOf(
      1,
      { fault: "drop", when: ({ to }) => to?.key === "b" },
      { fault: "duplicate" },
    );
    expect(course(faults, REQUEST, 1)).toBe(".");
    expect(course(faults, { ...REQUEST, to: agentId("worker", "b") }, 1)).toBe("d");
    expect(faults.decide({ ...REQUEST, leg: "event" })).toEqual({ kind: "duplicate" });
  });

  it("delay for as long as they are told, or as chance decides", () => {
    const exact = faultsOf(1, { fault: "delay", delayMs: 50 });
    expect(exact.decide(REQUEST)).toEqual({ kind: "delay", delayMs: 50 });
    const delays = faultsOf(1, { fault: "delay", delayMs: [10, 20] });
    const seen = new Set<number>();
    for (let count = 0; count < 100; count++) {
      const fault = delays.decide(REQUEST);
      if (fault?.kind === "delay") seen.add(fault.delayMs);
    }
    expect(Math.min(...seen)).toBe(10);
    expect(Math.max(...seen)).toBe(20);
  });

  it("are none after they were cleared", () => {
    const faults = faultsOf(1, { fault: "drop" });
    faults.clear();
    expect(course(faults, REQUEST, 3)).toBe("...");
  });

  it.each<[FaultRule, string]>([
    [{ fault: "drop", chance: 1.5 }, "chance of a fault must be from 0 to 1, not 1.5"],
    [{ fault: "drop", chance: Number.NaN }, "chance of a fault"],
    [{ fault: "drop", times: 0 }, "times of a fault must be from 1"],
    [{ fault: "delay", delayMs: -1 }, "delayMs of a fault"],
    [{ fault: "delay", delayMs: [5, 4] }, "delayMs of a fault"],
  ])("refuse the rule %o", (rule, text) => {
    expect(() => new Faults(1, true).add(rule)).toThrow(text);
  });

  it("cut nothing where there is no connection", () => {
    expect(() => new Faults(1, false).add({ fault: "cut" })).toThrow(/^UNIMPLEMENTED: /);
  });
});
