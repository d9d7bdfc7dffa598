import { agentId } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { defineAgent } from "../../agent/define-agent.ts";
import { Ask, Note } from "../../test-doubles/messages.ts";
import { jsonContent, scripted, settled } from "../../test-doubles/scripted-mesh.ts";

test("a nested send is held no longer than who waits for its turn does", async () => {
  const { runtime, mesh, clock, deliver } = scripted();
  runtime.use({ send: () => new Promise(() => {}) });
  const reasons: unknown[] = [];
  await runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Note, async (_, ctx) => {
          const sent = ctx.send(agentId("other", "k"), Ask({ n: 1 }));
          await sent.catch((error: unknown) => reasons.push(error));
        }),
      ],
    }),
  );
  deliver({ content: jsonContent("test.Note", { n: 1 }), timeoutMs: 1_000 });
  clock.advance(999);
  await settled();
  expect(reasons).toEqual([]);
  clock.advance(1);
  await settled();
  expect(reasons).toMatchObject([{ code: "DEADLINE_EXCEEDED", outcome: "not-executed" }]);
  expect(mesh.sends).toEqual([]);
});
