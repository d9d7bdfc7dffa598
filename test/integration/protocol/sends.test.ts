import { expect, test } from "vitest";
import { reply, textOf } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

test("a send is answered with the reply of its agent", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["oracle"]);
  const asked = worker.ask("oracle/delphi", "why?");
  const deliver = await worker.next("deliver");
  expect(deliver).toMatchObject({ attempt: 1, reenters: 0, sender: undefined });
  expect(textOf(deliver.content)).toBe("why?");
  worker.write(reply(deliver, "42"));
  const ending = await asked;
  expect(ending.kind === "reply" && textOf(ending.content)).toBe("42");
});
