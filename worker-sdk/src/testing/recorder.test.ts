import { agentId, failure, topicId } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { Ask } from "../test-doubles/messages.ts";
import { jsonContent } from "../test-doubles/scripted-mesh.ts";
import type { EntryInit } from "./entry.ts";
import { Recorder } from "./recorder.ts";

const SENT: EntryInit = {
  kind: "sent",
  runtime: "first",
  atMs: 5,
  content: jsonContent("test.Ask", { n: 1 }),
  from: undefined,
  to: agentId("worker", "a"),
};
const TURN: EntryInit = {
  ...SENT,
  kind: "turn",
  outcome: "replied",
  reply: jsonContent("test.Count", { n: 2 }),
};

describe("the recorder", () => {
  it("shows messages and replies as they were written", () => {
    const recorder = new Recorder();
    recorder.note(TURN);
    expect(recorder.entries).toMatchObject([
      { messageType: "test.Ask", body: { n: 1 }, reply: { n: 2 } },
    ]);
    expect(String(recorder.entries[0])).toBe("turn at 5 ms: test.Ask outside → worker/a: replied");
  });

  it("finds entries by everything that they tell", () => {
    const recorder = new Recorder();
    const topic = topicId("news", "a");
    recorder.note(SENT);
    recorder.note({ ...TURN, runtime: "second", from: agentId("boss", "x") });
    recorder.note({ ...TURN, topic, outcome: "failed", error: failure("HANDLER_FAILED") });
    recorder.note({ ...SENT, kind: "fault", fault: "drop" });
    const found = [
      recorder.count(),
      recorder.count({ kind: "turn" }),
      recorder.count({ runtime: "second" }),
      recorder.count({ message: Ask }),
      recorder.count({ message: "test.Note" }),
      recorder.count({ from: "boss/x" }),
      recorder.count({ to: agentId("worker", "a"), kind: "sent" }),
      recorder.count({ topic }),
      recorder.count({ outcome: "failed", error: "HANDLER_FAILED" }),
      recorder.count({ fault: "drop" }),
      recorder.count({ where: ({ atMs }) => atMs > 5 }),
    ];
    expect(found).toEqual([4, 2, 1, 4, 0, 1, 1, 1, 1, 1, 0]);
  });

  it("gives every entry once, also one that came before", async () => {
    const recorder = new Recorder();
    recorder.note(SENT);
    const [first, second] = [recorder.next({ kind: "sent" }), recorder.next({ kind: "sent" })];
    const turn = recorder.next({ kind: "turn" });
    recorder.note({ ...SENT, atMs: 6 });
    recorder.note(TURN);
    const entries = await Promise.all([first, second, turn]);
    expect(entries.map(({ kind, atMs }) => `${kind} ${atMs}`)).toEqual([
      "sent 5",
      "sent 6",
      "turn 5",
    ]);
  });

  it("says what it waited for, and what came instead", async () => {
    const recorder = new Recorder("; the hint");
    recorder.note(SENT);
    const missing = recorder.next({ kind: "turn", message: Ask, to: "worker/b" }, { limitMs: 1 });
    await expect(missing).rejects.toThrow(
      "waited 1 ms for an entry with kind turn, message test.Ask, to worker/b; the last entries:\n" +
        "  sent at 5 ms: test.Ask outside → worker/a; the hint",
    );
  });
});
