import { expect, test } from "vitest";
import { findNatsServer } from "./nats-server.ts";

test("a server that is in none of the folders is not installed", async () => {
  expect(await findNatsServer([])).toBeUndefined();
  expect(await findNatsServer([import.meta.dirname])).toBeUndefined();
});
