import { AgentId, DEFAULTS } from "@agentmesh/proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventDelivery } from "./delivery.ts";
import { Lane } from "./lane.ts";
import { Namespaces } from "./namespaces.ts";

const namespace = new Namespaces(DEFAULTS).get("default");
const agent = namespace.agent(new AgentId("a", "1"), namespace.type("a"));
const event = {
  id: 1,
  topic: { type: "t", source: "s" },
  content: new Uint8Array(0),
  sender: undefined,
};

function delivery(order: number): EventDelivery {
  const meshEvent = {
    ...event,
    topic: Object(event.topic),
    resent: false,
    acceptedUnixMs: 0,
    waiting: 0,
    inFlight: 0,
  };
  return new EventDelivery(agent, order, meshEvent, () => {});
}

function ordersOf(lane: Lane): number[] {
  const orders: number[] = [];
  for (let at = lane.first; at !== undefined; at = at.behind) orders.push(at.order);
  return orders;
}

test("a lane is empty until something waits in it", () => {
  const lane = new Lane();
  expect([lane.isEmpty, lane.first]).toEqual([true, undefined]);
  const only = delivery(1);
  lane.insert(only);
  expect([lane.isEmpty, lane.first]).toEqual([false, only]);
  lane.remove(only);
  expect([lane.isEmpty, lane.first]).toEqual([true, undefined]);
});

test("whatever comes, leaves and comes back, the lane is in the order of arrival", () => {
  const step = fc.record({ insert: fc.boolean(), pick: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const lane = new Lane();
      const all = Array.from({ length: 31 }, (_, order) => delivery(order));
      const inside = new Set<number>();
      for (const { insert, pick } of steps) {
        const chosen = all[pick];
        if (chosen === undefined || insert === inside.has(pick)) continue;
        if (insert) lane.insert(chosen);
        else lane.remove(chosen);
        if (insert) inside.add(pick);
        else inside.delete(pick);
        expect(ordersOf(lane)).toEqual([...inside].toSorted((one, other) => one - other));
        expect(lane.isEmpty).toBe(inside.size === 0);
      }
    }),
  );
});

test("what has left a lane has no neighbours in it", () => {
  const lane = new Lane();
  const [one, two, three] = [delivery(1), delivery(2), delivery(3)];
  for (const each of [one, two, three]) lane.insert(each);
  lane.remove(two);
  expect([two.ahead, two.behind]).toEqual([undefined, undefined]);
  expect([one.behind, three.ahead]).toEqual([three, one]);
});
