/** Chance that can be repeated: the seed stands in the name of each test that uses it. */

/** `AGENTMESH_TEST_SEED` repeats a run. */
export const SEED = Number(process.env.AGENTMESH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers from 0 up to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
