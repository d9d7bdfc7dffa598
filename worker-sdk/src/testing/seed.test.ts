import { afterEach, expect, it, vi } from "vitest";
import { testMesh } from "./test-mesh.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it("takes the seed that is given, then that of the environment", async () => {
  vi.stubEnv("AGENTMESH_TEST_SEED", "12");
  await using given = await testMesh({ seed: 7 });
  await using found = await testMesh();
  expect([given.faults.seed, found.faults.seed]).toEqual([7, 12]);
});

it("refuses a seed that is no integer", async () => {
  vi.stubEnv("AGENTMESH_TEST_SEED", "twelve");
  await expect(testMesh()).rejects.toThrow("a seed must be an integer, not twelve");
  await expect(testMesh({ seed: 0.5 })).rejects.toThrow("a seed must be an integer, not 0.5");
});

it("tells a seed that it chose, once, when chance has a say", async () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  await using mesh = await testMesh({ faults: [{ fault: "drop", times: 1 }] });
  expect(lines).toEqual([]);
  for (const chance of [0.5, 0.1]) mesh.faults.add({ fault: "drop", chance });
  const { seed } = mesh.faults;
  expect(lines).toEqual([
    `testMesh: seed ${seed} (AGENTMESH_TEST_SEED=${seed} repeats its faults)\n`,
  ]);
});
