/** A disk that fails or hangs under a real host: a library of C stands between both, and does what a test tells it. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished } from "vitest";
import { folderForTest } from "../../support/folder.ts";
import { done, durable, publish, reply, textOf } from "../../support/frames.ts";
import { TestProcess } from "../../support/processes.ts";
import { RawWorker, type RawWorkerOptions } from "../../support/raw-worker.ts";
import { testWith } from "../../support/tools.ts";
import { until } from "../../support/waiting.ts";

const MAIN = new URL("../../../host/dist/cli/main.js", import.meta.url).pathname;
const SOURCE = fileURLToPath(new URL("./bad-disk.c", import.meta.url));
const EXIT_CONFIG = 3;

const onBadDisk = testWith({
  program: "gcc",
  args: ["--version"],
  remedy:
    "a compiler of C makes what stands between the host and its disk, and only Linux loads it",
});

/** A host on a disk of which the test can tell how it is: well, failing or hanging. */
class BadDisk {
  readonly data: string;
  readonly #mood: string;
  readonly #library: string;

  constructor() {
    const folder = folderForTest();
    this.data = path.join(folder, "data");
    this.#mood = path.join(folder, "mood");
    this.#library = path.join(folder, "bad-disk.so");
    this.is("well");
    const made = spawnSync("gcc", ["-shared", "-fPIC", "-o", this.#library, SOURCE, "-ldl"]);
    if (made.status !== 0) throw new Error(`gcc failed: ${made.stderr}`);
  }

  is(mood: "well" | "hang" | "fail-sync" | "fail-write"): void {
    writeFileSync(this.#mood, mood);
  }

  async host(): Promise<{ host: TestProcess; address: string }> {
    const args = ["host", "--listen", "127.0.0.1:0", "--data", this.data];
    const child = spawn(process.execPath, [MAIN, ...args, "--drain-grace-ms", "50"], {
      env: { ...process.env, LD_PRELOAD: this.#library, AGENTMESH_DISK: this.#mood },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const host = new TestProcess("the host on a bad disk", child);
    const isReady = (line: string) => line.startsWith("agentmesh host ready on ");
    const line = await host.out.first(isReady, "the host to be ready", { limitMs: 15_000 });
    return { host, address: line.slice("agentmesh host ready on ".length) };
  }
}

async function workerAt(address: string, options: RawWorkerOptions): Promise<RawWorker> {
  const worker = await RawWorker.connect(address, options);
  onTestFinished(() => worker.close());
  return worker;
}

function publisherAt(address: string): Promise<RawWorker> {
  return workerAt(address, { hello: { subscriptions: [durable("archive", "news", "reader")] } });
}

/** Publishes and waits for the answer: undefined when it was accepted, else the text of the refusal. */
async function refusalOf(worker: RawWorker, sequence: number): Promise<string | undefined> {
  worker.write(publish(sequence, "news/a", String(sequence)));
  let refusal: string | undefined;
  let isAccepted = false;
  const isAnswered = (): boolean => {
    isAccepted = worker.taken("accepted").some(({ sequences }) => sequences.includes(sequence));
    for (const { control } of worker.taken("control"))
      if (control.$case === "refused") refusal = control.value.error?.text ?? "";
    return isAccepted || refusal !== undefined;
  };
  await until(isAnswered, `the answer to publish ${sequence}`);
  return refusal;
}

describe("a disk that fails refuses clearly, ends the host with one error, and loses nothing that was accepted", () => {
  onBadDisk.for(["fail-sync", "fail-write"] as const)("as with %s", async (mood) => {
    const disk = new BadDisk();
    const first = await disk.host();
    const publisher = await publisherAt(first.address);
    for (let sequence = 1; sequence <= 20; sequence++)
      expect(await refusalOf(publisher, sequence)).toBeUndefined();
    disk.is(mood);
    expect(await refusalOf(publisher, 21)).toMatch(
      /agentmesh\.db cannot be used any more: .*disk I\/O error/,
    );
    expect(await first.host.ended).toEqual({ code: EXIT_CONFIG, signal: null });
    expect(first.host.lastWords).toMatch(/\n {2}agentmesh: data: \S+agentmesh\.db cannot be used/);

    disk.is("well");
    const second = await disk.host();
    const reader = await workerAt(second.address, { types: ["reader"] });
    const texts: string[] = [];
    for (let expected = 1; expected <= 20; expected++) {
      const { content, targets } = await reader.next("event");
      texts.push(textOf(content));
      reader.write(done(...targets));
    }
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
    expect(await refusalOf(await publisherAt(second.address), 1)).toBeUndefined();
  });
});

onBadDisk(
  "a disk that hangs holds up what must be on it and nothing else, and is caught up with",
  async () => {
    const disk = new BadDisk();
    const { address } = await disk.host();
    const publisher = await publisherAt(address);
    const answerer = await workerAt(address, { types: ["answerer"] });
    expect(await refusalOf(publisher, 1)).toBeUndefined();
    disk.is("hang");
    for (let sequence = 2; sequence <= 50; sequence++)
      publisher.write(publish(sequence, "news/a", String(sequence)));
    const asked = publisher.ask("answerer/a", "still there?");
    const deliver = await answerer.next("deliver");
    answerer.write(reply(deliver, "yes"));
    expect(await asked).toMatchObject({ kind: "reply" });
    expect(publisher.taken("accepted")).toEqual([]);
    disk.is("well");
    const missing = new Set(Array.from({ length: 49 }, (_, index) => index + 2));
    while (missing.size > 0)
      for (const sequence of (await publisher.next("accepted")).sequences) missing.delete(sequence);
    const reader = await workerAt(address, { types: ["reader"] });
    for (let expected = 1; expected <= 50; expected++) {
      const { content, targets } = await reader.next("event");
      expect(textOf(content)).toBe(String(expected));
      reader.write(done(...targets));
    }
  },
);
