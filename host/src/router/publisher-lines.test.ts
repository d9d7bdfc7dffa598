import { LIMITS } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { PublisherLines } from "./publisher-lines.ts";

/** Lines whose deliveries are noted. */
function noted() {
  const lines = new PublisherLines();
  const delivered: string[] = [];
  const note = (text: string) => () => void delivered.push(text);
  return { lines, delivered, note };
}

test("nobody is behind before something is stored, and nobody after it", () => {
  const { lines, delivered, note } = noted();
  const worker = {};
  expect(lines.isBehind(worker)).toBe(false);
  const stored = lines.store(worker, note("stored"));
  expect([lines.isBehind(worker), lines.isBehind({}), lines.isBehind(undefined)]).toEqual([
    true,
    false,
    false,
  ]);
  lines.wait(worker, note("behind it"));
  expect(delivered).toEqual([]);
  stored("ready");
  expect(delivered).toEqual(["stored", "behind it"]);
  expect(lines.isBehind(worker)).toBe(false);
});

test("an event that is refused, before or after those ahead of it are there, holds up nobody", () => {
  const { lines, delivered, note } = noted();
  const worker = {};
  const first = lines.store(worker, note("first"));
  lines.wait(worker, note("second"));
  const third = lines.store(worker, note("third"));
  lines.wait(worker, note("fourth"));
  third("refused");
  expect(delivered).toEqual([]);
  first("refused");
  expect(delivered).toEqual(["second", "fourth"]);
});

test("what waits is bounded, over all workers", () => {
  const { lines, note } = noted();
  const stored = [{}, {}].map((worker) => {
    const leave = lines.store(worker, note(""));
    for (let count = 1; count < LIMITS.publishesBehind / 2; count++) lines.wait(worker, note(""));
    return leave;
  });
  expect(lines.isFull).toBe(true);
  for (const leave of stored) leave("ready");
  expect(lines.isFull).toBe(false);
});
