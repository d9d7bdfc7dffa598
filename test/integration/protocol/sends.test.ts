import { ERROR_TABLE } from "@agentmesh/proto";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import {
  agent,
  content,
  contentOfSize,
  done,
  fail,
  reply,
  send,
  textOf,
  turnEnd,
} from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

test("a send reaches its agent as it was sent and is answered with the reply", async () => {
  const mesh = await hostForTest();
  const caller = await mesh.worker();
  const worker = await mesh.worker(["oracle"]);
  caller.write(send(7, "oracle/delphi", "why?", { timeoutMs: 4_000 }));
  const deliver = await worker.next("deliver");
  expect(deliver).toMatchObject({
    delivery: 1,
    attempt: 1,
    reenters: 0,
    sender: undefined,
    streamChunks: 0,
  });
  expect(deliver.target.text).toBe("oracle/delphi");
  expect(textOf(deliver.content)).toBe("why?");
  expect(deliver.timeoutMs).toBeGreaterThan(0);
  expect(deliver.timeoutMs).toBeLessThanOrEqual(4_000);
  worker.write(reply(deliver, "42"));
  expect(await caller.result(7)).toEqual({ kind: "reply", content: Buffer.from(content("42")) });
});

test("a send whose handler returns nothing settles without a reply, by TurnEnd as by Done", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const first = worker.ask("a/1", "");
  worker.write(turnEnd(await worker.next("deliver")));
  expect(await first).toEqual({ kind: "done" });
  const second = worker.ask("a/1", "");
  worker.write(done(await worker.next("deliver")));
  expect(await second).toEqual({ kind: "done" });
});

test("an application error arrives with code and details, and its stack stays with the host", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const asked = worker.ask("a/1", "");
  const details = Buffer.from('{"left":3}');
  const hints = { appCode: "OUT_OF_STOCK", details, stack: "at secret.ts:1" };
  worker.write(fail(await worker.next("deliver"), "APPLICATION", "none left", hints));
  expect(await asked).toEqual({
    kind: "failed",
    failure: {
      code: "APPLICATION",
      text: "none left",
      outcome: "executed",
      retryable: false,
      appCode: "OUT_OF_STOCK",
      details,
      retryAfterMs: 0,
      stack: "",
    },
  });
});

test("what a handler throws arrives as HANDLER_FAILED, without its stack", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const asked = worker.ask("a/1", "");
  worker.write(
    fail(await worker.next("deliver"), "HANDLER_FAILED", "boom", { stack: "at secret.ts:1" }),
  );
  expect(await asked).toMatchObject({
    failure: { code: "HANDLER_FAILED", text: "boom", outcome: "executed", stack: "" },
  });
});

test("none of 1 000 sends to a type that nobody announced waits for anything", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const worker = await mesh.worker(["known"]);
  const asked = Array.from({ length: 1_000 }, (_, n) => worker.ask(`unknown/${n}`, ""));
  const endings = await Promise.all(asked);
  for (const ending of endings) {
    expect(ending).toMatchObject({
      failure: { code: "AGENT_TYPE_UNKNOWN", outcome: "not-executed", retryable: true },
    });
  }
  expect(clock.now()).toBe(0);
});

describe("an id that breaks the grammar is refused and harms nothing else:", () => {
  test.each([
    ["an agent type with a blank", "a b/1"],
    ["an agent type with a slash in front", "/1"],
    ["an agent type of 129 characters", `${"a".repeat(129)}/1`],
    ["a key of 513 bytes", `known/${"k".repeat(513)}`],
    ["a key of 171 characters of three bytes", `known/${"€".repeat(171)}`],
  ])("%s", async (_name, target) => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["known"]);
    expect(await worker.ask(target, "")).toMatchObject({
      failure: { code: "INVALID_ARGUMENT", outcome: "not-executed", retryable: false },
    });
    const asked = worker.ask("known/1", "");
    worker.write(turnEnd(await worker.next("deliver")));
    expect(await asked).toEqual({ kind: "done" });
  });

  test("a key of 512 bytes with slashes is none of them", async () => {
    const mesh = await hostForTest();
    const worker = await mesh.worker(["known"]);
    const key = `a/b/${"€".repeat(169)}x`;
    expect(Buffer.byteLength(key)).toBe(512);
    const asked = worker.ask(`known/${key}`, "");
    const deliver = await worker.next("deliver");
    expect(deliver.target.equals(agent(`known/${key}`))).toBe(true);
    worker.write(turnEnd(deliver));
    expect(await asked).toEqual({ kind: "done" });
  });
});

test("a content above the limit is refused, one at the limit is delivered", async () => {
  const mesh = await hostForTest({ maxPayloadBytes: 10_000 });
  const worker = await mesh.worker(["a"]);
  expect(await worker.ask("a/1", "", { content: contentOfSize(10_001) })).toMatchObject({
    failure: { code: "PAYLOAD_TOO_LARGE", outcome: "not-executed", retryable: false },
  });
  const asked = worker.ask("a/1", "", { content: contentOfSize(10_000) });
  const deliver = await worker.next("deliver");
  expect(deliver.content.length).toBe(10_000);
  worker.write(turnEnd(deliver));
  expect(await asked).toEqual({ kind: "done" });
});

test("what the host does not know of a content arrives as it is", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const bytes = Buffer.from("7a0400ff00ff1a02fffe", "hex");
  const asked = worker.ask("a/1", "", { content: bytes });
  const deliver = await worker.next("deliver");
  expect(Buffer.from(deliver.content)).toEqual(bytes);
  worker.write(turnEnd(deliver, { ending: { kind: "reply", content: bytes } }));
  expect(await asked).toEqual({ kind: "reply", content: bytes });
});

test("a content that no protobuf reader would take is refused before it can harm its receiver", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  for (const hex of ["ffff00ff", "0a02fffe"]) {
    expect(await worker.ask("a/1", "", { content: Buffer.from(hex, "hex") })).toMatchObject({
      failure: { code: "PAYLOAD_INVALID", outcome: "not-executed" },
    });
  }
});

test("a reply that no protobuf reader would take harms nobody but its own caller", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["a"]);
  const asked = worker.ask("a/1", "");
  worker.write(
    turnEnd(await worker.next("deliver"), { ending: { kind: "reply", content: Buffer.of(0xff) } }),
  );
  expect(await asked).toMatchObject({
    failure: { code: "PAYLOAD_INVALID", outcome: "executed" },
  });
});

test("a request number that is in use ends the session, one that has settled may be used again", async () => {
  const mesh = await hostForTest();
  const other = await mesh.worker(["a"]);
  const worker = await mesh.worker();
  worker.write(send(1, "nobody/1", ""));
  await worker.result(1);
  worker.write(send(1, "a/1", ""));
  await other.next("deliver");
  worker.write(send(1, "a/2", ""));
  const end = await worker.ended;
  expect(end.error).toMatchObject({
    code: "PROTOCOL_VIOLATION",
    text: expect.stringContaining("1 is in use"),
  });
  await other.barrier();
});

test("request number 0 ends the session", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker();
  worker.write(send(0, "a/1", ""));
  expect((await worker.ended).error?.code).toBe("PROTOCOL_VIOLATION");
});

test("results for two callers with equal request numbers never cross", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker(["echo"], { hello: { maxInFlight: 1_000 } });
  const [one, other] = [await mesh.worker(), await mesh.worker()];
  const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
  one.write(...numbers.map((number) => send(number, `echo/${number}`, `one ${number}`)));
  other.write(...numbers.map((number) => send(number, `echo/${number}`, `other ${number}`)));
  const delivers = await Promise.all([...numbers, ...numbers].map(() => worker.next("deliver")));
  worker.write(...delivers.toReversed().map((deliver) => reply(deliver, textOf(deliver.content))));
  for (const [name, caller] of [
    ["one", one],
    ["other", other],
  ] as const) {
    for (const number of numbers) {
      const ending = await caller.result(number);
      expect(ending.kind === "reply" && textOf(ending.content)).toBe(`${name} ${number}`);
    }
    await caller.barrier();
    expect(caller.taken("result")).toEqual([]);
  }
});

test("every refusal names its code, and the code is in the table", async () => {
  const mesh = await hostForTest();
  const worker = await mesh.worker();
  const ending = await worker.ask("nobody/1", "");
  const code = ending.kind === "failed" ? ending.failure.code : "INTERNAL";
  expect(ERROR_TABLE[code].number).toBe(1);
  expect(await mesh.counter("failures.AGENT_TYPE_UNKNOWN")).toBeGreaterThan(0);
});
