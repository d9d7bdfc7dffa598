import { expect, test } from "vitest";
import type { Contender, ContenderName, Start } from "./contender.ts";
import { ROWS, type Row } from "./rows.ts";
import type { Measurement, Scenario } from "./scenario.ts";
import { measureRows } from "./schedule.ts";

const SIGNAL = new AbortController().signal;
const PACE = { warmUpMs: 0, measureMs: 0, minCalls: 1 };
const MEASUREMENT: Measurement = {
  kind: "load",
  delivered: 100,
  elapsedMs: 50,
  p50Us: 7,
  p99Us: 9,
  total: 120,
  wireBytes: 0,
};

interface Behaviour {
  readonly start?: () => Start;
  readonly run?: (scenario: Scenario) => Measurement;
}

function rows(...ids: string[]): Row[] {
  return ROWS.filter(({ id }) => ids.includes(id));
}

/** Contenders without processes, and what was done with them. */
function scripted(behaviours: Partial<Record<ContenderName, Behaviour>>) {
  const log: string[] = [];
  const contender = (name: ContenderName): Contender => {
    const { start = () => ({ kind: "ready" }), run = () => MEASUREMENT } = behaviours[name] ?? {};
    return {
      name,
      isResident: name !== "ours-spread",
      start: async () => start(),
      run: async (scenario) => {
        log.push(`${name} ${scenario.window}`);
        return run(scenario);
      },
      stop: async () => void log.push(`${name} stops`),
      kill: () => {},
    };
  };
  const cast = new Map<ContenderName, Contender>();
  const contenderOf = (name: ContenderName): Contender => {
    const found = cast.get(name) ?? contender(name);
    cast.set(name, found);
    return found;
  };
  return { plan: { contenderOf, roundsOf: () => 9, pace: PACE, signal: SIGNAL }, log };
}

test("both sides of a row are measured side by side, in turning order", async () => {
  const { plan: base, log } = scripted({});
  const plan = { rows: rows("send-1", "relay-64"), ...base, rounds: 2 };
  const results = await measureRows({ ...plan, onRow: () => {} });
  expect(log).toEqual([
    "ours 1",
    "nats 1",
    "ours 64",
    "relay 64",
    "nats 1",
    "ours 1",
    "relay 64",
    "ours 64",
  ]);
  expect(results.map(({ ours }) => ours)).toEqual([
    { kind: "measured", values: [7, 7] },
    { kind: "measured", values: [2_000, 2_000] },
  ]);
});

test("a failed measurement costs its side of the row", async () => {
  const run = (scenario: Scenario): Measurement => {
    if (scenario.window === 64) throw new Error("lost");
    return MEASUREMENT;
  };
  const { plan: base, log } = scripted({ ours: { run } });
  const plan = { rows: rows("send-64", "send-512"), ...base, rounds: 2 };
  const [first, second] = await measureRows({ ...plan, onRow: () => {} });
  expect(first?.ours).toEqual({ kind: "failed", reason: "lost" });
  expect(first?.peer).toMatchObject({ kind: "measured" });
  expect(second?.ours).toEqual({ kind: "measured", values: [2_000, 2_000] });
  expect(log.filter((entry) => entry === "ours 64" || entry === "ours stops")).toHaveLength(2);
});

test("a contender that is not there, or does not start, is asked once", async () => {
  let starts = 0;
  const absent: Behaviour = { start: () => ({ kind: "absent", reason: "not installed" }) };
  const broken: Behaviour = {
    start: () => {
      starts++;
      throw new Error("port in use");
    },
  };
  const { plan: base } = scripted({ nats: absent, ours: broken });
  const plan = { rows: rows("send-64", "send-512"), ...base, rounds: 2 };
  const results = await measureRows({ ...plan, onRow: () => {} });
  for (const { ours, peer } of results) {
    expect(ours).toEqual({ kind: "failed", reason: "port in use" });
    expect(peer).toEqual({ kind: "absent", reason: "not installed" });
  }
  expect(starts).toBe(1);
});

test("an aborted run measures nothing more", async () => {
  const { plan: base, log } = scripted({});
  const abort = new AbortController();
  const onRow = (round: number): void => {
    if (round === 1) abort.abort(new Error("stop"));
  };
  const plan = { rows: rows("send-1"), ...base, rounds: 3 };
  const results = measureRows({ ...plan, signal: abort.signal, onRow });
  await expect(results).rejects.toThrow("stop");
  expect(log).toEqual(["ours 1", "nats 1"]);
});

test("a row gets its own number of rounds, and a layout for one row does not stay up", async () => {
  const { plan: base, log } = scripted({});
  const plan = { ...base, rows: rows("send-1", "spread-200"), rounds: 3 };
  const roundsOf = ({ id }: Row): number => (id === "send-1" ? 2 : 1);
  await measureRows({ ...plan, roundsOf, onRow: () => {} });
  expect(log).toEqual([
    "ours 1",
    "nats 1",
    "ours-spread 64",
    "ours-spread stops",
    "nats-spread 64",
    "nats 1",
    "ours 1",
  ]);
});

test("a row without a peer is measured on one side", async () => {
  const { plan: base, log } = scripted({
    "ours-keys": { run: () => ({ kind: "memory", peakBytes: 2e6, leftBytes: 1e6 }) },
  });
  const plan = { ...base, rows: rows("keys-1m", "keys-1m-left"), rounds: 1 };
  const results = await measureRows({ ...plan, onRow: () => {} });
  expect(log).toEqual(["ours-keys 512", "ours-keys 512"]);
  expect(results.map(({ ours, peer }) => [ours, peer])).toEqual([
    [{ kind: "measured", values: [2] }, { kind: "none" }],
    [{ kind: "measured", values: [1] }, { kind: "none" }],
  ]);
});
