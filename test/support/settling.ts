/** How calls of the SDK settle, and what happens in between. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { MeshError } from "@agentmesh/worker-sdk";
import { within } from "./waiting.ts";

/** The error with which a call fails. Ask at once: a rejection that nobody awaits yet ends the test run. */
export async function refusalOf(call: Promise<unknown>): Promise<MeshError> {
  const settled = call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const outcome = await within(settled, () => "a call to fail");
  if (!("error" in outcome))
    throw new Error(`a call that must fail gave ${JSON.stringify(outcome.value)}`);
  if (outcome.error instanceof MeshError) return outcome.error;
  throw new Error("a call failed with something else than a MeshError", { cause: outcome.error });
}

/** Everything that an iterable yields. */
export async function collect<Value>(iterable: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of iterable) values.push(value);
  return values;
}

/** Resolves when the signal fires. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** Lets everything else that is ready to run have its turn. */
export async function yieldTurn(): Promise<void> {
  await turnOfTheLoop();
}
