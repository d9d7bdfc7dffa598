/** Real workers of AutoGen, in real processes, on a host: as they are, without a line of ours in them. */
import { describe, expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { startAutoGenHost } from "./autogen-host.ts";
import { HAS_AUTOGEN, PYTHON, SCENARIO_MS } from "./python.ts";
import { SCENARIOS, tryScenario } from "./scenarios.ts";

describe.runIf(HAS_AUTOGEN)("workers of AutoGen", () => {
  test("tell what AutoGen's own host does", { timeout: 2 * SCENARIO_MS }, async () => {
    await using host = await startAutoGenHost(PYTHON);
    const outcome = (name: string) => tryScenario(PYTHON, host.address, name);
    expect(await outcome("rpc_is_answered")).toEqual({ kind: "as-expected" });
    expect(await outcome("unknown_type_fails_at_once")).toMatchObject({ kind: "otherwise" });
  });

  const cases = SCENARIOS.map(({ title, ...scenario }) => [title, scenario] as const);
  test.each(cases)("on our host: %s", { timeout: SCENARIO_MS }, async (_, { name, host }) => {
    const { address } = await startHostProcess(host);
    const outcome = await tryScenario(PYTHON, address, name);
    expect(outcome).toEqual({ kind: "as-expected" });
  });
});
