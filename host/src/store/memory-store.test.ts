import { describe, expect, test } from "vitest";
import { createMemoryStore } from "./memory-store.ts";
import { storeCases } from "./store-cases.ts";

describe("a store in memory", () => {
  for (const { name, run } of storeCases) {
    test(name, async () => {
      expect.hasAssertions();
      await expect(run(async (limits) => createMemoryStore(limits))).resolves.toBeUndefined();
    });
  }

  test("has nothing to back up", async () => {
    const store = createMemoryStore({ deadLetters: { count: 1, bytes: 1 } });
    expect(store.isDurable).toBe(false);
    await expect(store.backup("/nowhere")).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });
});
