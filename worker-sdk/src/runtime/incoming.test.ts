import { agentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { defineMessage } from "../messages/define-message.ts";
import { jsonContent, scripted } from "../test-doubles/scripted-mesh.ts";

test("a check that throws something without a text refuses its message", async () => {
  const { runtime, mesh, deliver } = scripted();
  const validate = () => {
    throw Object.create(null);
  };
  const odd = defineMessage("test.Odd", { "~standard": { version: 1, vendor: "test", validate } });
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(odd, () => {})] }));
  deliver({ content: jsonContent("test.Odd", {}) });
  expect(mesh.endings).toEqual(["1: PAYLOAD_INVALID"]);
});

test("a failure is small, however much its reason says", async () => {
  const { runtime, mesh, deliver } = scripted();
  const reason = "x".repeat(3_000_000);
  const fussy = defineMessage("test.Fussy", {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => ({ issues: [{ message: reason }] }),
    },
  });
  const initial = (): undefined => {
    throw new Error(reason);
  };
  await runtime.register(defineAgent("worker", { handlers: (on) => [on(fussy, () => {})] }));
  await runtime.register(defineAgent("newborn", { state: { initial }, handlers: () => [] }));
  deliver({ content: jsonContent("test.Fussy", {}) });
  deliver({
    content: jsonContent("test.Fussy", {}),
    activation: 2,
    target: agentId("newborn", "k"),
  });
  expect(mesh.endings).toEqual(["1: PAYLOAD_INVALID", "2: ACTIVATION_FAILED"]);
  for (const { ending } of mesh.ends) {
    expect(JSON.stringify(ending).length).toBeLessThan(50_000);
  }
});
