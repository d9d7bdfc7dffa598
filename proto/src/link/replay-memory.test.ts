import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplayMemory } from "./replay-memory.ts";

test("what is stored stays as it is until it is released, oldest first", () => {
  const step = fc.oneof(
    fc.record({ store: fc.oneof(fc.nat(200), fc.nat(200_000)) }),
    fc.record({ release: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new ReplayMemory();
      const kept: { readonly copy: Buffer; readonly length: number; readonly fill: number }[] = [];
      for (const [index, action] of steps.entries()) {
        if ("store" in action) {
          const fill = index % 251;
          const original = Buffer.alloc(action.store, fill);
          const copy = memory.store(original);
          original.fill(255);
          kept.push({ copy, length: action.store, fill });
        } else {
          for (let times = 0; times < action.release && kept.length > 0; times++) {
            kept.shift();
            memory.release();
          }
        }
        for (const { copy, length, fill } of kept) {
          expect(copy.length).toBe(length);
          expect(copy.every((byte) => byte === fill)).toBe(true);
        }
      }
    }),
  );
});

test("a steady session uses the same memory again", () => {
  const memory = new ReplayMemory();
  const batch = Buffer.alloc(30_000);
  const seen = new Set<ArrayBufferLike>();
  for (let round = 0; round < 5; round++) memory.store(batch);
  for (let round = 0; round < 200; round++) {
    seen.add(memory.store(batch).buffer);
    memory.release();
  }
  expect(seen.size).toBeLessThanOrEqual(5);
});

test("releasing nothing is without effect", () => {
  const memory = new ReplayMemory();
  memory.release();
  expect(memory.store(Buffer.from("kept")).toString()).toBe("kept");
});
