/** The journeys of messages between workers of AutoGen, and between them and workers of agentmesh.v1. */
import { describe, expect, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";

describe("a request between workers of AutoGen", () => {
  test("is answered under the id that its sender gave it", async () => {
    const mesh = await hostForTest();
    const [asker, answerer] = [new AutogenPeer(mesh.address), new AutogenPeer(mesh.address)];
    await asker.open();
    await answerer.open();
    await answerer.serve("clerk");
    answerer.echo("clerk");
    const response = await asker.request("clerk/a/b", '{"q": 1}', { requestId: "17" });
    expect(response).toMatchObject({ requestId: "17", error: "" });
    expect(response.payload?.data.toString()).toBe('a/b: {"q": 1}');
  });
});

describe("an event of a worker of AutoGen", () => {
  test("reaches each client that matches once, its publisher included", async () => {
    const mesh = await hostForTest();
    const [one, other] = [new AutogenPeer(mesh.address), new AutogenPeer(mesh.address)];
    await one.open();
    await other.open();
    await one.serve("a", "news", "ne*");
    await one.serve("b", "news");
    await other.serve("c", "news");
    one.publish("news/today", '{"n": 1}');
    one.publish("news/today", '{"n": 2}');
    for (const peer of [one, other]) {
      const events = await peer.events(2);
      const texts = events.map(({ data }) => data?.value.toString());
      expect(texts).toEqual(['{"n": 1}', '{"n": 2}']);
    }
    expect(one.inbox.mark).toBe(2);
  });
});
