/** What a worker holds back when its host does not acknowledge, and when it acknowledges itself. */
import { agentId, topicId } from "@agentmesh/proto";
import type { HostFrame } from "@agentmesh/proto/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineAgent } from "./agent/define-agent.ts";
import type { FakeStream } from "./test-doubles/fake-host.ts";
import { Count, Note, Tell } from "./test-doubles/messages.ts";
import { jsonContent, jsonOf } from "./test-doubles/scripted-mesh.ts";
import { agree, noteDelivery, WorkerRig } from "./test-doubles/worker-rig.ts";

const other = agentId("other", "k");
const news = topicId("news", "k");
const count = (n: number) => jsonContent(Count.messageName, { n });
const FILLER = { metadata: { filler: "x".repeat(1_000) } };

let rig: WorkerRig;

beforeEach(async () => {
  rig = await WorkerRig.start();
});

afterEach(() => rig.stop());

/** Sends frames as a host that has received nothing since `acknowledged`. */
function sayDeaf(stream: FakeStream, acknowledged: number, ...frames: HostFrame[]): void {
  stream.sendBatch(frames, stream.nextNumber, acknowledged);
  stream.nextNumber += frames.length;
}

describe("a host that acknowledges nothing", () => {
  test("gets no new work above the limit, but the end of what was begun", async () => {
    const { worker, stream } = await rig.connected({}, { replayBytes: 4_096 });
    const registering = worker.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Note, () => {}),
          on(Tell, async function* ({ n }) {
            yield { n };
          }),
        ],
      }),
    );
    stream.sayControl(agree((await stream.controlOf("registerAgentType")).value.request));
    await registering;
    const elements = worker.stream(other, Tell({ n: 0 }))[Symbol.asyncIterator]();
    const first = elements.next();
    const { request: streaming } = await stream.frameOf("send");
    const known = stream.receivedThrough;
    stream.sendBatch([], 0, known);

    const abort = new AbortController();
    const given = worker.send(other, Note({ n: 1 }), { ...FILLER, signal: abort.signal });
    given.catch(() => undefined);
    const later = [2, 3, 4, 5, 6].map((n) => worker.send(other, Note({ n }), FILLER));
    const told = [7, 8].map((n) => worker.publish(news, Note({ n }), FILLER));
    const { request: cancelled } = await stream.frameOf("send");
    for (const n of [2, 3, 4]) {
      expect(jsonOf((await stream.frameOf("send")).content)).toEqual({ n });
    }

    // Everything else would come before what is said now, were it not held back.
    sayDeaf(stream, known, noteDelivery(1, 1));
    expect(await stream.frameOf("turn-end")).toMatchObject({ delivery: 1 });
    const tell = jsonContent(Tell.messageName, { n: 9 });
    const windows = { streamChunks: 64, streamBytes: 1_000_000 };
    sayDeaf(stream, known, { ...noteDelivery(2, 0), content: tell, ...windows });
    expect(await stream.frameOf("reply-chunk")).toMatchObject({ delivery: 2 });
    expect(await stream.frameOf("turn-end")).toMatchObject({ delivery: 2 });
    abort.abort();
    expect(await stream.frameOf("cancel")).toMatchObject({ request: cancelled });
    const chunks = Array.from({ length: 32 }, (_, n) => n);
    sayDeaf(
      stream,
      known,
      ...chunks.map((n) => ({ kind: "chunk", request: streaming, content: count(n) }) as const),
    );
    expect(await first).toMatchObject({ value: { n: 0 } });
    for (const n of chunks.slice(1)) {
      expect(await elements.next()).toMatchObject({ value: { n } });
    }
    expect(await stream.frameOf("stream-credit")).toMatchObject({ stream: streaming, chunks: 32 });
    expect(stream.unseen).toBe(0);

    // With room again the rest leaves in its order, until it is full again.
    stream.sendBatch([], 0, stream.receivedThrough);
    for (const n of [5, 6]) {
      expect(jsonOf((await stream.frameOf("send")).content)).toEqual({ n });
    }
    for (const n of [7, 8]) {
      expect(jsonOf((await stream.frameOf("publish")).content)).toEqual({ n });
    }
    await elements.return?.();
    const closing = worker.close();
    for (const call of [...later, ...told]) await expect(call).rejects.toThrow("CLOSED");
    stream.finish();
    await closing;
  });
});

describe("a worker acknowledges before a second has passed", () => {
  test("after 128 frames", async () => {
    const { stream } = await rig.connected();
    const frames = (length: number): HostFrame[] =>
      Array.from({ length }, () => ({ kind: "accepted", sequences: [99] }));
    stream.say(...frames(127));
    stream.sendBatch([{ kind: "control", control: { $case: "ping", value: { nonce: 1 } } }], 0, 0);
    expect(await stream.unnumbered()).toMatchObject({ $case: "pong" });
    // What left was the answer, and nothing for the sake of acknowledging.
    expect(await stream.acknowledgement()).toBe(127);
    stream.say(...frames(1));
    expect(await stream.acknowledgement()).toBe(128);
  });

  test("after 256 KiB", async () => {
    const { stream } = await rig.connected();
    const content = jsonContent(Count.messageName, { filler: "x".repeat(256 * 1024) });
    stream.say({ kind: "result", request: 99, ending: { kind: "reply", content } });
    expect(await stream.acknowledgement()).toBe(1);
  });
});
