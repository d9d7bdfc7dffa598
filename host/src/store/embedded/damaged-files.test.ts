/** What a store says of files that are not what it wrote: one clear error, and no file is changed by saying it. */
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { MeshError } from "@agentmesh/proto";
import Sqlite from "libsql";
import { expect, onTestFinished, test } from "vitest";
import { PLENTY, sampleLetter } from "../dead-letter-samples.ts";
import { readAll, sampleEvent } from "../event-log-samples.ts";
import { ONLY_PARTITION, type Store } from "../ports.ts";
import { openEmbeddedStore } from "./embedded-store.ts";
import { FILE_NAME, walOf } from "./files.ts";

const EVENTS = 60;
const SIGN = "a text that is easily found in a file";

function folderForTest(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "agentmesh-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(folder: string): Promise<Store> {
  const store = await openEmbeddedStore(folder, { deadLetters: PLENTY });
  onTestFinished(() => store.close());
  return store;
}

function append(store: Store, id: number): Promise<number> {
  const content = Buffer.from(`${SIGN} ${id} `.padEnd(1_000, "x"));
  return store.events.append(ONLY_PARTITION, sampleEvent(id, "news/a", { content }));
}

const IDS = Array.from({ length: EVENTS }, (_, index) => index + 1);

/** A folder with a store that was closed. */
async function closedStore(): Promise<{ folder: string; file: string }> {
  const folder = folderForTest();
  const store = await open(folder);
  await Promise.all(IDS.map((id) => append(store, id)));
  await store.close();
  return { folder, file: path.join(folder, FILE_NAME) };
}

/** A folder as a host leaves it that is killed: the file with its log. */
async function killedStore(): Promise<{ folder: string; file: string; log: string }> {
  const living = folderForTest();
  const store = await open(living);
  for (const id of IDS) await append(store, id);
  const folder = folderForTest();
  const file = path.join(folder, FILE_NAME);
  const log = walOf(file);
  copyFileSync(path.join(living, FILE_NAME), file);
  copyFileSync(walOf(path.join(living, FILE_NAME)), log);
  return { folder, file, log };
}

/** All files of a store with what is in them. */
function filesOf(folder: string): Record<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.startsWith(FILE_NAME));
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name))]));
}

/** Opens the folder, expects to be refused with this text, and finds every file as it was. */
async function expectRefused(folder: string, text: RegExp): Promise<void> {
  const before = filesOf(folder);
  await expect(openEmbeddedStore(folder, { deadLetters: PLENTY })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    retryable: false,
    message: expect.stringMatching(text),
  });
  expect(filesOf(folder)).toEqual(before);
}

function flipBit(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 4, offset);
  writeFileSync(file, bytes);
}

test("a folder that another store has is refused, and the one that has it goes on", async () => {
  const folder = folderForTest();
  const store = await open(folder);
  await store.events.append(ONLY_PARTITION, sampleEvent(1));
  await expectRefused(folder, /is in use by another host/);
  expect(await store.events.append(ONLY_PARTITION, sampleEvent(2))).toBe(2);
});

test("a format that this version does not know is refused", async () => {
  const { folder, file } = await closedStore();
  const sqlite = new Sqlite(file);
  sqlite.exec("pragma user_version = 99");
  sqlite.close();
  await expectRefused(folder, /has format 99 and this version knows 2/);
});

test("a database of another program is refused", async () => {
  const folder = folderForTest();
  const sqlite = new Sqlite(path.join(folder, FILE_NAME));
  sqlite.exec("create table a (b)");
  sqlite.close();
  await expectRefused(folder, /is no store of AgentMesh/);
});

test("a file that is no database is refused", async () => {
  const folder = folderForTest();
  writeFileSync(path.join(folder, FILE_NAME), "hello ".repeat(5_000));
  await expectRefused(folder, /is damaged/);
});

test.each([
  ["empty", 0],
  ["one page long", 4_096],
  ["half as long", 40_960],
  ["one byte shorter than a page", 4_095],
])("a file that is %s is refused", async (_how, bytes) => {
  const { folder, file } = await closedStore();
  truncateSync(file, bytes);
  await expectRefused(folder, /is damaged/);
});

test("a file that is missing beside its log is refused", async () => {
  const { folder, file } = await killedStore();
  rmSync(file);
  await expectRefused(folder, /is damaged \(it is missing/);
});

test("a flipped bit that makes a page senseless is refused", async () => {
  const { folder, file } = await closedStore();
  const bytes = readFileSync(file);
  // The kind of a page of the table of events: the page that holds the last event.
  const page = Math.floor(bytes.lastIndexOf(SIGN) / 4_096) * 4_096;
  flipBit(file, page);
  await expectRefused(folder, /is damaged/);
});

test("a file too large to be looked at as a whole breaks its store when the senseless page is met", async () => {
  const { folder, file } = await closedStore();
  const page = Math.floor(readFileSync(file).lastIndexOf(`${SIGN} 30 `) / 4_096) * 4_096;
  flipBit(file, page);
  const store = await openEmbeddedStore(folder, { deadLetters: PLENTY, checkedBytes: 0 });
  onTestFinished(() => store.close());
  const broken = new Promise<MeshError>((resolve) => store.onBroken(resolve));
  expect(await readAll(store.events, { after: EVENTS - 2 })).toHaveLength(2);
  const isDamaged = {
    code: "STORE_UNAVAILABLE",
    retryable: false,
    message: expect.stringMatching(/agentmesh\.db is damaged .*: restore a backup/),
  };
  await expect(readAll(store.events)).rejects.toMatchObject(isDamaged);
  expect(await broken).toMatchObject(isDamaged);
  await expect(append(store, 99)).rejects.toMatchObject(isDamaged);
});

test("an event with a flipped bit is read as damaged, and the others as they are", async () => {
  const { folder, file } = await closedStore();
  flipBit(file, readFileSync(file).indexOf(`${SIGN} 45 `) + 3);
  const store = await open(folder);
  const events = await readAll(store.events);
  expect(events).toHaveLength(EVENTS);
  expect(events[44]).toMatchObject({
    sequence: 45,
    damage: expect.stringMatching(/agentmesh\.db kept of event 45 is damaged/),
    event: { id: 45, content: new Uint8Array(0) },
  });
  expect(events.filter(({ damage }) => damage !== undefined)).toHaveLength(1);
  await store.deadLetters.add(sampleLetter(1));
  expect(await store.events.append(ONLY_PARTITION, sampleEvent(1))).toBe(EVENTS + 1);
});

test("a dead letter with a flipped bit says so, and the others are listed as they are", async () => {
  const folder = folderForTest();
  const first = await open(folder);
  const contentOf = (id: number) => Buffer.from(`${SIGN} ${id} `.padEnd(1_000, "x"));
  for (const id of [1, 2, 3])
    await first.deadLetters.add(sampleLetter(id, { content: contentOf(id) }));
  await first.close();
  const file = path.join(folder, FILE_NAME);
  flipBit(file, readFileSync(file).indexOf(`${SIGN} 2 `) + 3);
  const store = await open(folder);
  const { letters } = await store.deadLetters.list({
    namespace: "default",
    filter: {},
    cursor: "",
    limit: 10,
  });
  expect(letters.map(({ id, content }) => [id, content.length])).toEqual([
    [1, 1_000],
    [2, 0],
    [3, 1_000],
  ]);
  expect(letters[1]?.failure).toMatchObject({
    code: "PAYLOAD_INVALID",
    text: expect.stringMatching(/dead letter 2 is damaged/),
  });
  expect(await store.deadLetters.remove(letters)).toBe(3);
});

test("what a killed host has accepted is in its log", async () => {
  const { folder } = await killedStore();
  expect(await readAll((await open(folder)).events)).toHaveLength(EVENTS);
});

test("a log whose last transaction is torn is cut there", async () => {
  const { folder, log } = await killedStore();
  truncateSync(log, readFileSync(log).length - 10);
  expect(await readAll((await open(folder)).events)).toHaveLength(EVENTS - 1);
});

test.each([
  ["header", 4],
  ["header's sum", 24],
  ["first frame", 40],
  ["thirtieth frame", 32 + 29 * 4_120 + 500],
])(
  "a flipped bit in the %s of a log is refused, because what is behind was accepted",
  async (_where, offset) => {
    const { folder, log } = await killedStore();
    flipBit(log, offset);
    await expectRefused(folder, /agentmesh\.db-wal is damaged/);
  },
);
