import { expect, test } from "vitest";
import { createTallyReader, createTallyWriter } from "./tally.ts";

test("every delivery of every worker arrives, the last ones too", async () => {
  const reader = await createTallyReader();
  const all = new Promise<void>((resolve) => {
    reader.onProgress = () => {
      if (reader.count(0) === 1_000 && reader.count(1) === 7) resolve();
    };
  });
  const first = await createTallyWriter(reader.port, 0);
  const second = await createTallyWriter(reader.port, 1);
  for (let count = 0; count < 1_000; count++) first.add();
  for (let count = 0; count < 7; count++) second.add();
  await all;
  expect(reader.count(2)).toBe(0);
  first.close();
  second.close();
  reader.close();
});
