import { invalid } from "@agentmesh/proto";

/** The environment variable that sets the seed of every test that sets none. */
const VARIABLE = "AGENTMESH_TEST_SEED";
const SEEDS = 2 ** 31;

/** What chance is made of. */
export interface Seed {
  readonly value: number;
  /** Tells people how to repeat it; undefined when they know, because they set it. */
  readonly tell: (() => void) | undefined;
}

/**
 * The seed of a test: the one that is given, else that of the environment, else one by chance.
 * @throws MeshError `INVALID_ARGUMENT` when it is no integer.
 */
export function chooseSeed(given: number | undefined): Seed {
  const text = process.env[VARIABLE] ?? "";
  if (given === undefined && text === "") {
    const value = Math.floor(Math.random() * SEEDS);
    return { value, tell: () => void process.stderr.write(`testMesh: ${describeSeed(value)}\n`) };
  }
  const value = given ?? Number(text);
  if (Number.isSafeInteger(value)) return { value, tell: undefined };
  throw invalid(`a seed must be an integer, not ${given ?? text}`);
}

/** How to have the same chance once more, for people. */
export function describeSeed(seed: number): string {
  return `seed ${seed} (${VARIABLE}=${seed} repeats its faults)`;
}
