import { expect, test } from "vitest";
import { talk } from "./chat.ts";

test("people hear each other in either format, and no advertisements", async () => {
  expect(await talk()).toEqual([
    "ada: is there coffee?",
    "bob: in a minute",
    "MESSAGE_DROPPED: an interceptor dropped chat.Line: no advertisements",
  ]);
});
