/** Makes the workers in other languages ready before the first test: where CI runs they must be, elsewhere they should. */
import { prepareAutoGen, prepareGo, preparePython } from "./environment.ts";

/** Leaves the environments, as JSON, in a variable that the tests' processes inherit. */
export async function setup(): Promise<void> {
  const environments = {
    python: await preparePython(),
    go: await prepareGo(),
    autogen: await prepareAutoGen(),
  };
  process.env.AGENTMESH_ENVIRONMENTS = JSON.stringify(environments);
  for (const [name, environment] of Object.entries(environments)) {
    if (environment.kind === "ready") continue;
    const text = `workers of ${name} cannot be tested: ${environment.reason}`;
    if (process.env.CI) throw new Error(text);
    console.warn(`\n*** SKIPPED: ${text}\n`);
  }
}
