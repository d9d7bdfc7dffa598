/** `npm test`: sets up, then runs every test, or those that the arguments select (`npm test -- --project unit router`). */
import { attach, tool } from "./process.mjs";
import { setUp } from "./setup.mjs";

if (await setUp()) {
  // Tells test/support/build.ts that dist is fresh.
  process.env.AGENTMESH_BUILT = "1";
  process.exitCode = await attach(tool("vitest", ["run", ...process.argv.slice(2)]));
} else {
  process.exitCode = 1;
}
