import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** In-process tests read the sources of every workspace: no build stands between a change and its test. */
const CONDITIONS = ["@agentmesh/source", "module", "node", "development|production"];

/** Each of these tests starts processes of its own, so files run side by side only where there are cores for them. */
const SPAWNING_WORKERS = Math.max(1, Math.floor(availableParallelism() / 2));

const EMBEDDED_STORE = "host/src/store/embedded/**/*.test.ts";

interface SpawningProject {
  readonly extends: true;
  readonly test: {
    readonly name: string;
    readonly include: string[];
    readonly globalSetup: string[];
    readonly maxWorkers: number;
    readonly testTimeout: number;
    readonly hookTimeout: number;
    readonly sequence: { readonly groupOrder: number };
  };
}

/** Tests that start hosts and workers from dist, after the quick ones and one project at a time. */
function spawningProject(
  name: string,
  groupOrder: number,
  ...moreSetup: string[]
): SpawningProject {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup: ["test/support/build.ts", ...moreSetup],
      maxWorkers: SPAWNING_WORKERS,
      testTimeout: 30_000,
      hookTimeout: 30_000,
      sequence: { groupOrder },
    },
  };
}

export default defineConfig({
  resolve: { conditions: CONDITIONS },
  ssr: { resolve: { conditions: CONDITIONS } },
  test: {
    passWithNoTests: false,
    allowOnly: false,
    retry: 0,
    maxWorkers: Math.min(4, availableParallelism()),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "{proto,host,worker-sdk}/src/**/*.test.ts",
            "examples/**/*.test.ts",
            "test/{bench,fault,support,worker-conformance}/**/*.test.ts",
            ".scripts/*.test.mjs",
          ],
          // The starter brings a test of its own, for Node's test runner.
          exclude: ["**/dist/**", "**/node_modules/**", "examples/starter/**", EMBEDDED_STORE],
          testTimeout: 5_000,
        },
      },
      {
        extends: true,
        test: {
          name: "store",
          include: [EMBEDDED_STORE],
          // Its thread runs the compiled sources.
          globalSetup: ["test/support/build.ts"],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "architecture",
          include: ["test/architecture.test.ts"],
          testTimeout: 20_000,
        },
      },
      spawningProject("integration", 1),
      spawningProject("conformance", 2),
      spawningProject("packages", 3, "test/packages/packed.ts"),
      spawningProject("interop", 4, "test/interop/set-up.ts"),
    ],
  },
});
