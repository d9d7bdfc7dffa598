import { AgentId, failure, TopicId } from "@agentmesh/proto";
import { TailKind, TailRequest } from "@agentmesh/proto/agentmesh/v1";
import { describe, expect, test } from "vitest";
import { type Sighting, selects, tailMessage } from "./sighting.ts";

const SEEN: Sighting = {
  kind: TailKind.END,
  namespace: "default",
  id: 7,
  sender: new AgentId("asker", "1"),
  target: new AgentId("oracle", "delphi"),
  topic: undefined,
  from: undefined,
  to: undefined,
  content: new Uint8Array(),
  failure: undefined,
};
const EVENT: Sighting = {
  ...SEEN,
  topic: new TopicId("news", "delphi"),
  failure: failure("INTERNAL"),
};

function isSeen(filter: Partial<TailRequest>, sighting: Sighting): boolean {
  return selects({ ...TailRequest.decode(new Uint8Array()), ...filter }, sighting);
}

describe("a filter", () => {
  test.each<[Partial<TailRequest>, boolean, boolean]>([
    [{}, true, true],
    [{ agentType: "oracle" }, true, true],
    [{ agentType: "asker", agentKey: "1" }, true, true],
    [{ agentType: "asker", agentKey: "delphi" }, false, false],
    [{ agentKey: "delphi" }, true, true],
    [{ agentType: "other" }, false, false],
    [{ topicType: "news" }, false, true],
    [{ topicType: "new" }, false, false],
    [{ errorsOnly: true }, false, true],
    [{ errorsOnly: true, agentType: "other" }, false, false],
    [{ sessionId: "s" }, false, false],
    [{ worker: "w" }, false, false],
  ])("%j", (filter, send, event) => {
    expect([isSeen(filter, SEEN), isSeen(filter, EVENT)]).toEqual([send, event]);
  });
});

test("a content that is none is told without a type", () => {
  const sighting = { ...SEEN, content: Uint8Array.of(0xff, 0xff) };
  expect(tailMessage(sighting, 5)).toMatchObject({ messageType: "", contentBytes: 2, atUnixMs: 5 });
});
