import { BOUNDS, DEFAULTS } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { Namespaces } from "./namespaces.ts";
import { Worker, type WorkerSink } from "./worker.ts";

function ignore(): void {
  // Nothing leaves in these tests.
}

const SINK: WorkerSink = {
  isFull: false,
  deliver: ignore,
  deliverEvent: ignore,
  cancelDelivery: ignore,
  grantStream: ignore,
  deactivate: ignore,
};

/** How many deliveries the worker takes. */
function credit(maxInFlight: number): number {
  const namespace = new Namespaces(DEFAULTS).get("default");
  const worker = new Worker("worker", namespace, maxInFlight, SINK);
  while (worker.hasCredit) worker.rootsInFlight++;
  return worker.rootsInFlight;
}

test("a worker takes as much as it says, at least one delivery, and never more than the host can count", () => {
  expect([0, 1, 7, 2 ** 32 - 1].map(credit)).toEqual([1, 1, 7, BOUNDS.maxInFlight]);
});
