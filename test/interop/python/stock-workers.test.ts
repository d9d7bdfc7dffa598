/** Real workers of AutoGen, in real processes, on a host: as they are, without a line of ours in them. */
import { describe, expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import type { Environment } from "../environment.ts";
import { startAutoGenHost } from "./autogen-host.ts";
import { SCENARIOS, tryScenario } from "./scenarios.ts";

const environment: Environment | undefined = JSON.parse(
  process.env.AGENTMESH_ENVIRONMENTS ?? "{}",
).autogen;
const python = environment?.kind === "ready" ? environment.command[0] : undefined;
/** Milliseconds of real time: Python loads AutoGen for seconds on a busy machine. */
const SCENARIO_MS = 60_000;

describe.runIf(python !== undefined)("workers of AutoGen", () => {
  test("tell what AutoGen's own host does", { timeout: 2 * SCENARIO_MS }, async () => {
    await using host = await startAutoGenHost(python ?? "");
    const outcome = (name: string) => tryScenario(python ?? "", host.address, name);
    expect(await outcome("rpc_is_answered")).toEqual({ kind: "as-expected" });
    expect(await outcome("unknown_type_fails_at_once")).toMatchObject({ kind: "otherwise" });
  });

  const cases = SCENARIOS.map(({ title, ...scenario }) => [title, scenario] as const);
  test.each(cases)("on our host: %s", { timeout: SCENARIO_MS }, async (_, { name, host }) => {
    const { address } = await startHostProcess(host);
    const outcome = await tryScenario(python ?? "", address, name);
    expect(outcome).toEqual({ kind: "as-expected" });
  });
});
