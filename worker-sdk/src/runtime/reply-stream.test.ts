import { agentId, DEFAULTS, failure } from "@agentmesh/proto";
import { DONE } from "@agentmesh/proto/wire";
import { describe, expect, test } from "vitest";
import { defineAgent } from "../agent/define-agent.ts";
import { Count, Tell } from "../test-doubles/messages.ts";
import { Gate, jsonContent, jsonOf, scripted, settled } from "../test-doubles/scripted-mesh.ts";

const other = agentId("other", "k");
const tell = (n: number) => jsonContent("test.Tell", { n });
const count = (n: number) => jsonContent(Count.messageName, { n });

/** An agent that counts to what it is told, and says how it was left. */
async function counting(mesh: ReturnType<typeof scripted>) {
  const left: string[] = [];
  let pulled = 0;
  await mesh.runtime.register(
    defineAgent("worker", {
      handlers: (on) => [
        on(Tell, async function* ({ n }, ctx) {
          try {
            for (let i = 1; i <= n; i++) {
              pulled = i;
              yield { n: i };
            }
            left.push("done");
          } finally {
            left.push(ctx.signal.aborted ? "stopped" : "left");
          }
        }),
      ],
    }),
  );
  return { left, pulled: () => pulled };
}

describe("the writing end", () => {
  test("writes as many as it has credit for, and pulls no more", async () => {
    const mesh = scripted();
    const { pulled, left } = await counting(mesh);
    mesh.deliver({ content: tell(5), streamChunks: 2, streamBytes: 1_000 });
    await settled();
    expect(mesh.mesh.chunks.map(({ content }) => jsonOf(content))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(pulled()).toBe(2);
    mesh.core.streamCredit({ kind: "stream-credit", stream: 1, chunks: 2, bytes: 100 });
    await settled();
    expect(pulled()).toBe(4);
    expect(mesh.mesh.ends).toEqual([]);
    mesh.core.streamCredit({ kind: "stream-credit", stream: 1, chunks: 2, bytes: 100 });
    await settled();
    expect(mesh.mesh.endings).toEqual(["1: done"]);
    expect(left).toEqual(["done", "left"]);
  });

  test("counts bytes, the last chunk may exceed them", async () => {
    const mesh = scripted();
    await counting(mesh);
    mesh.deliver({ content: tell(5), streamChunks: 9, streamBytes: 1 });
    await settled();
    expect(mesh.mesh.chunks).toHaveLength(1);
    mesh.core.streamCredit({ kind: "stream-credit", stream: 1, chunks: 1, bytes: 1 });
    await settled();
    expect(mesh.mesh.chunks).toHaveLength(1);
    mesh.core.streamCredit({ kind: "stream-credit", stream: 1, chunks: 1, bytes: 100 });
    await settled();
    expect(mesh.mesh.chunks.length).toBeGreaterThan(1);
  });

  test("a stream that is cancelled is closed, also while it waits for credit", async () => {
    const mesh = scripted();
    const { left } = await counting(mesh);
    mesh.deliver({ content: tell(5), streamChunks: 1, streamBytes: 1_000 });
    await settled();
    mesh.core.cancelDelivery(1, "CANCELLED");
    await settled();
    expect(left).toEqual(["stopped"]);
    expect(mesh.mesh.endings).toEqual(["1: CANCELLED"]);
  });

  test("what is thrown after some chunks fails the turn", async () => {
    const mesh = scripted();
    await mesh.runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Tell, async function* () {
            yield { n: 1 };
            throw new Error("midway");
          }),
        ],
      }),
    );
    mesh.deliver({ content: tell(1), streamChunks: 5, streamBytes: 1_000 });
    await settled();
    expect(mesh.mesh.chunks).toHaveLength(1);
    expect(mesh.mesh.ends).toMatchObject([{ ending: { failure: { text: "midway" } } }]);
  });

  test("an element that does not fit its type ends the stream and closes the handler", async () => {
    const mesh = scripted();
    let closed = false;
    await mesh.runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Tell, async function* () {
            try {
              yield { n: "one" } as unknown as { n: number };
            } finally {
              closed = true;
            }
          }),
        ],
      }),
    );
    mesh.deliver({ content: tell(1), streamChunks: 5, streamBytes: 1_000 });
    await settled();
    expect(mesh.mesh.endings).toEqual(["1: HANDLER_FAILED"]);
    expect(closed).toBe(true);
  });

  test("as the handler of an event it runs to its end, and nobody is told", async () => {
    const mesh = scripted();
    const { left } = await counting(mesh);
    const delivery = mesh.event(tell(100), {});
    await settled();
    expect(left).toEqual(["done", "left"]);
    expect(mesh.mesh.chunks).toEqual([]);
    expect(mesh.mesh.numbersOf("done")).toEqual([[1, delivery]]);
  });

  test("its deadline is one between elements, for the sends of its handler too", async () => {
    const mesh = scripted();
    const go = [new Gate(), new Gate()];
    await mesh.runtime.register(
      defineAgent("worker", {
        handlers: (on) => [
          on(Tell, async function* (_, ctx) {
            for (const gate of go) {
              await gate.passed;
              yield { n: 1 };
            }
            for await (const { n } of ctx.stream(other, Tell({ n: 1 }))) yield { n };
            await ctx.send(other, Tell({ n: 1 }) as never);
          }),
        ],
      }),
    );
    mesh.deliver({ content: tell(1), streamChunks: 9, streamBytes: 1_000, timeoutMs: 100 });
    for (const gate of go) {
      mesh.clock.advance(80);
      gate.open();
      await settled();
    }
    expect(mesh.mesh.chunks).toHaveLength(2);
    expect(mesh.mesh.sends).toMatchObject([{ parent: 1, timeoutMs: 30_000 }]);
  });
});

describe("the reading end", () => {
  /** Reads until told to stop. */
  function reading(mesh: ReturnType<typeof scripted>) {
    const read: number[] = [];
    const steps = mesh.runtime.stream(other, Tell({ n: 1 }))[Symbol.asyncIterator]();
    return {
      read,
      async take(many: number): Promise<void> {
        for (let i = 0; i < many; i++) {
          const step = await steps.next();
          if (step.done === true) return;
          read.push(step.value.n);
        }
      },
      leave: () => steps.return?.(),
    };
  }

  test("asks with a window when it is first read, and grants again by halves", async () => {
    const mesh = scripted();
    const { read, take } = reading(mesh);
    expect(mesh.mesh.sends).toEqual([]);
    const first = take(1);
    await settled();
    expect(mesh.mesh.sends).toMatchObject([
      { streamChunks: DEFAULTS.streamChunks, streamBytes: DEFAULTS.streamBytes },
    ]);
    for (let n = 0; n < DEFAULTS.streamChunks; n++) {
      mesh.core.chunk({ kind: "chunk", request: 1, content: count(n) });
    }
    await first;
    await take(DEFAULTS.streamChunks / 2 - 2);
    expect(mesh.mesh.numbersOf("stream-credit")).toEqual([]);
    await take(1);
    expect(mesh.mesh.numbersOf("stream-credit")[0]?.slice(0, 2)).toEqual([
      1,
      DEFAULTS.streamChunks / 2,
    ]);
    expect(read).toHaveLength(DEFAULTS.streamChunks / 2);
  });

  test("ends after the last element", async () => {
    const mesh = scripted();
    const { read, take } = reading(mesh);
    const all = take(10);
    await settled();
    mesh.core.chunk({ kind: "chunk", request: 1, content: count(1) });
    mesh.core.chunk({ kind: "chunk", request: 1, content: count(2) });
    mesh.settle(1, DONE);
    await all;
    expect(read).toEqual([1, 2]);
  });

  test("a failure is thrown after the elements that came before it", async () => {
    const mesh = scripted();
    const { read, take } = reading(mesh);
    const all = take(10);
    await settled();
    mesh.core.chunk({ kind: "chunk", request: 1, content: count(1) });
    mesh.fail(1, failure("HANDLER_FAILED", "midway"));
    await expect(all).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    expect(read).toEqual([1]);
  });

  test("leaving early takes the send back", async () => {
    const mesh = scripted();
    const { take, leave } = reading(mesh);
    const first = take(1);
    await settled();
    mesh.core.chunk({ kind: "chunk", request: 1, content: count(1) });
    await first;
    await leave();
    expect(mesh.mesh.numbersOf("cancel")).toEqual([[1]]);
    expect(mesh.core.calls.size).toBe(0);
  });

  test("a signal ends it at once, also with elements at hand", async () => {
    const mesh = scripted();
    const abort = new AbortController();
    const steps = mesh.runtime
      .stream(other, Tell({ n: 1 }), { signal: abort.signal })
      [Symbol.asyncIterator]();
    const first = steps.next();
    await settled();
    for (const n of [1, 2, 3]) mesh.core.chunk({ kind: "chunk", request: 1, content: count(n) });
    await first;
    abort.abort();
    await expect(steps.next()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(mesh.mesh.numbersOf("cancel")).toEqual([[1]]);
  });

  test("the deadline is one between elements, and rests while there is no credit", async () => {
    const mesh = scripted();
    const { read, take } = reading(mesh);
    const all = take(1_000);
    await settled();
    mesh.clock.advance(29_000);
    mesh.core.chunk({ kind: "chunk", request: 1, content: count(1) });
    mesh.clock.advance(29_000);
    await settled();
    expect(read).toEqual([1]);
    mesh.clock.advance(2_000);
    await expect(all).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("a reader that rests does not end its own stream", async () => {
    const mesh = scripted();
    const { take } = reading(mesh);
    const first = take(1);
    await settled();
    for (let n = 0; n < DEFAULTS.streamChunks; n++) {
      mesh.core.chunk({ kind: "chunk", request: 1, content: count(n) });
    }
    await first;
    mesh.clock.advance(600_000);
    await take(DEFAULTS.streamChunks / 2);
    expect(mesh.core.calls.size).toBe(1);
  });

  test("more than was granted ends the stream", async () => {
    const mesh = scripted();
    const { take } = reading(mesh);
    const all = take(1_000);
    await settled();
    for (let n = 0; n <= DEFAULTS.streamChunks; n++) {
      mesh.core.chunk({ kind: "chunk", request: 1, content: count(n) });
    }
    await expect(all).rejects.toMatchObject({ code: "STREAM_OVERRUN" });
    expect(mesh.mesh.numbersOf("cancel")).toEqual([[1]]);
  });

  test("an element larger than the window gets through", async () => {
    const mesh = scripted();
    const { read, take } = reading(mesh);
    const all = take(2);
    await settled();
    const fat = jsonContent(Count.messageName, { n: 1, fat: "x".repeat(DEFAULTS.streamBytes * 2) });
    mesh.core.chunk({ kind: "chunk", request: 1, content: fat });
    await settled();
    expect(mesh.mesh.numbersOf("stream-credit")).toEqual([[1, 1, fat.length]]);
    mesh.core.chunk({ kind: "chunk", request: 1, content: fat });
    await all;
    expect(read).toEqual([1, 1]);
  });

  test.each([false, true])(
    "a reader leaves at once while it waits for an element (interceptors: %s)",
    async (isIntercepted) => {
      const mesh = scripted();
      if (isIntercepted) mesh.runtime.use({});
      const steps = mesh.runtime.stream(other, Tell({ n: 1 }))[Symbol.asyncIterator]();
      const awaited = steps.next();
      await settled();
      const over = { done: true, value: undefined };
      expect(await steps.return?.()).toEqual(over);
      expect(await awaited).toEqual(over);
      expect(mesh.mesh.numbersOf("cancel")).toEqual([[1]]);
      expect(await steps.next()).toEqual(over);
    },
  );

  test("one reply instead of a stream is refused", async () => {
    const mesh = scripted();
    const { take } = reading(mesh);
    const all = take(1);
    await settled();
    mesh.settle(1, { kind: "reply", content: count(1) });
    await expect(all).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  });
});
