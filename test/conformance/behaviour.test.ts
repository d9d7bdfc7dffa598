/** Every promise to the users of the SDK, kept by the local runtime and by meshes of several shapes alike. */
import { describe, onTestFinished, test } from "vitest";
import { within } from "../support/waiting.ts";
import { CASES } from "./cases/index.ts";
import { alone, apart, called, local, twins } from "./drivers/drivers.ts";
import { isKnownToFail } from "./known-failures.ts";

/** Milliseconds for a whole case; what it awaits has shorter limits of its own. */
const CASE_LIMIT_MS = 15_000;

for (const { id: driver, name, start } of [local, alone, called, apart, twins]) {
  describe(`on a ${name}`, () => {
    for (const { id, promise, run } of CASES) {
      const declare = isKnownToFail(driver, id) ? test.fails : test;
      declare(`${id}: ${promise}`, async () => {
        const stage = await start();
        onTestFinished(() => stage.dispose());
        await within(run(stage), () => promise, CASE_LIMIT_MS);
      });
    }
  });
}
