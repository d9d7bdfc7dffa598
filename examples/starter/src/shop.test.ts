import assert from "node:assert/strict";
import { test } from "node:test";
import { agentId, createLocalRuntime, MeshError } from "@agentmesh/worker-sdk";
import { clerk } from "./clerk.ts";
import { Order, Take } from "./messages.ts";
import { stock } from "./stock.ts";

/** A mesh in this process: the agents cannot tell the difference. */
async function shop() {
  const runtime = createLocalRuntime();
  await runtime.register(stock);
  await runtime.register(clerk);
  return runtime;
}

test("a clerk sells what the stock has", async () => {
  await using runtime = await shop();
  const answer = await runtime.send(agentId("clerk", "mary"), Order({ item: "apples", count: 3 }));
  assert.equal(answer.text, "mary: 3 apples are yours, 7 are left");
});

test("a clerk is sorry for what the stock lacks", async () => {
  await using runtime = await shop();
  const answer = await runtime.send(agentId("clerk", "john"), Order({ item: "pears", count: 11 }));
  assert.equal(answer.text, "john: sorry, not 11 pears");
});

test("a stock refuses with a code and says what is left", async () => {
  await using runtime = await shop();
  const refusal = runtime.send(agentId("stock", "pears"), Take({ count: 11 }));
  await assert.rejects(refusal, (error) => {
    assert.ok(error instanceof MeshError);
    assert.equal(error.appCode, "OUT_OF_STOCK");
    assert.deepEqual(error.details, { left: 10 });
    return true;
  });
});
