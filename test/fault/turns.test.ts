import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { folderForTest } from "../support/folder.ts";
import { type TurnLine, Turns, TurnWriter } from "./turns.ts";

function line(id: string, activation: number, at: TurnLine["at"] = "began"): TurnLine {
  return { at, id, agent: "scribe/a", activation, attempt: 1, resent: false };
}

test("what several workers wrote of an agent is in the order of its activations", async () => {
  const folder = folderForTest();
  const later = new TurnWriter(path.join(folder, "a-later"));
  later.write(line("two", 7));
  later.write(line("three", 7));
  const earlier = new TurnWriter(path.join(folder, "b-earlier"));
  earlier.write(line("one", 6));
  const turns = await new Turns(folder).readOn();
  expect(turns.of("scribe/a").map(({ id }) => id)).toEqual(["one", "two", "three"]);
});

test("beginnings and ends of a message are counted apart, as they come", async () => {
  const folder = folderForTest();
  const writer = new TurnWriter(path.join(folder, "worker"));
  const turns = new Turns(folder);
  for (const written of [line("one", 1), line("one", 2)]) writer.write(written);
  await turns.readOn();
  expect([turns.begun("one"), turns.ended("one")]).toEqual([2, 0]);
  writer.write(line("one", 2, "ended"));
  await turns.readOn();
  expect([turns.begun("one"), turns.ended("one")]).toEqual([2, 1]);
  expect([turns.begun("two"), turns.ended("two")]).toEqual([0, 0]);
});

test("a line that is half written is read when it is whole", async () => {
  const folder = folderForTest();
  const text = `${JSON.stringify(line("one", 1))}\n`;
  const file = path.join(folder, "worker");
  const turns = new Turns(folder);
  appendFileSync(file, text.slice(0, 20));
  expect([...(await turns.readOn()).ids]).toEqual([]);
  appendFileSync(file, text.slice(20));
  expect([...(await turns.readOn()).ids]).toEqual(["one"]);
});

test("a worker that comes back goes on with its file", async () => {
  const folder = folderForTest();
  const file = path.join(folder, "worker");
  writeFileSync(file, `${JSON.stringify(line("one", 1))}\n`);
  new TurnWriter(file).write(line("two", 2));
  expect([...(await new Turns(folder).readOn()).ids]).toEqual(["one", "two"]);
});
