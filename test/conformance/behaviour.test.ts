/** Every promise to the users of the SDK, kept by the local runtime and by meshes of several shapes alike. */
import { describe, onTestFinished, test } from "vitest";
import { within } from "../support/waiting.ts";
import { CASES } from "./cases/index.ts";
import { local } from "./drivers/local.ts";
import { alone, apart, called, twins } from "./drivers/mesh.ts";

/** Milliseconds for a whole case; what it awaits has shorter limits of its own. */
const CASE_LIMIT_MS = 15_000;

for (const driver of [local, alone, called, apart, twins]) {
  describe(`on a ${driver.name}`, () => {
    for (const { id, promise, run } of CASES) {
      test(`${id}: ${promise}`, async () => {
        const stage = await driver.start();
        onTestFinished(() => stage.dispose());
        await within(run(stage), () => promise, CASE_LIMIT_MS);
      });
    }
  });
}
