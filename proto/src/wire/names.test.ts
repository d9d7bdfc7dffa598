import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AgentId as AgentIdMessage,
  TopicId as TopicIdMessage,
} from "../../gen/agentmesh/v1/identity.ts";
import { readAgentId, readTopicId } from "./names.ts";
import { WireReader } from "./reader.ts";

const text = fc.string({ unit: "binary", maxLength: 250 });

/** A field as it stands behind its tag: length and bytes. */
function field(bytes: Uint8Array): Buffer {
  const head =
    bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.of(...head), bytes]);
}

function agentField(type: string, key: string): Buffer {
  return field(AgentIdMessage.encode({ type, key }).finish());
}

test("an id is read as the generated code reads it, and encodes to the bytes that came", () => {
  fc.assert(
    fc.property(text, text, (first, second) => {
      const bytes = agentField(first, second);
      const agent = readAgentId(new WireReader(bytes));
      expect([agent.type, agent.key]).toEqual([first, second]);
      expect(field(agent.encoded)).toEqual(bytes);
      const topicBytes = TopicIdMessage.encode({ type: first, source: second }).finish();
      const topic = readTopicId(new WireReader(field(topicBytes)));
      expect([topic.type, topic.source]).toEqual([first, second]);
    }),
  );
});

test("ids that share a slot of the cache are never taken for each other", () => {
  // Many times as many ids as slots, in two rounds: every slot is contested, some by ids of one hash.
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 30_000; index++) {
      const agent = readAgentId(new WireReader(agentField("type", `key-${index}`)));
      if (agent.key !== `key-${index}`) expect(agent.key).toBe(`key-${index}`);
    }
  }
  // "Aa" and "BB" have one hash under multiplication by 31, so do all mixtures of them.
  for (const key of ["AaAa", "AaBB", "BBAa", "BBBB", "AaAa"]) {
    expect(readAgentId(new WireReader(agentField("t", key))).key).toBe(key);
  }
});

test("an id that was seen twice is the same object, whatever became of the buffer", () => {
  const bytes = agentField("type", "the same");
  readAgentId(new WireReader(bytes));
  const first = readAgentId(new WireReader(bytes));
  bytes.fill(0x41);
  const again = agentField("type", "the same");
  expect(readAgentId(new WireReader(again))).toBe(first);
  expect(Buffer.from(first.encoded)).toEqual(Buffer.from(again.subarray(1)));
  expect([first.type, first.key]).toEqual(["type", "the same"]);
});

test("ids that come once do not drive out those that come again", () => {
  const read = () => readAgentId(new WireReader(agentField("type", "at home")));
  read();
  const kept = read();
  for (let index = 0; index < 20_000; index++) {
    readAgentId(new WireReader(agentField("type", `passing-${index}`)));
  }
  expect(read()).toBe(kept);
});

test("an id that is no UTF-8 is passed on as what it was read as, so that it harms no strict reader", () => {
  const broken = Buffer.of(7, 0x0a, 0x01, 0x61, 0x12, 0x02, 0xff, 0xfe);
  const id = readAgentId(new WireReader(broken));
  expect(id.key).toBe("\ufffd\ufffd");
  expect(Buffer.from(id.encoded).toString("utf8")).toContain("\ufffd\ufffd");
  expect(readAgentId(new WireReader(broken)).equals(id)).toBe(true);
});

test("a long id is read each time", () => {
  const key = "k".repeat(400);
  const first = readAgentId(new WireReader(agentField("type", key)));
  expect(first.key).toBe(key);
  expect(readAgentId(new WireReader(agentField("type", key)))).not.toBe(first);
});

test("what is malformed inside an id is refused, every time", () => {
  const bytes = Buffer.of(3, 0x0a, 0x05, 0x41);
  for (let round = 0; round < 2; round++) {
    expect(() => readAgentId(new WireReader(bytes))).toThrow(
      expect.objectContaining({ code: "PROTOCOL_VIOLATION" }),
    );
  }
});
