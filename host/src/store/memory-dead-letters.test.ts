import { describe, expect, test } from "vitest";
import { deadLetterCases } from "./dead-letter-cases.ts";
import { sampleLetter } from "./dead-letter-samples.ts";
import { MemoryDeadLetters } from "./memory-dead-letters.ts";

describe("dead letters in memory", () => {
  for (const { name, run } of deadLetterCases) {
    test(name, async () => {
      expect.hasAssertions();
      await expect(run((limits) => new MemoryDeadLetters(limits))).resolves.toBeUndefined();
    });
  }

  test("a page looks at a bounded number of letters and says that there is more", async () => {
    const store = new MemoryDeadLetters({ count: 10_000, bytes: 1 << 30 });
    for (let id = 1; id <= 5_000; id++) await store.add(sampleLetter(id));
    const filter = { agentType: "nobody" };
    const query = { namespace: "default", filter, cursor: "", limit: 10 };
    const page = await store.list(query);
    expect(page).toEqual({ letters: [], nextCursor: "2000" });
  });

  test("keeps nothing when it may keep nothing", async () => {
    const store = new MemoryDeadLetters({ count: 0, bytes: 1_000_000 });
    await store.add(sampleLetter(1));
    expect(await store.counts()).toEqual({ kept: 0, replaying: 0, dropped: 1 });
  });
});
