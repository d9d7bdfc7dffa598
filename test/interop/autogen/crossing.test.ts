/** Agents on AutoGen's workers and agents on workers of agentmesh.v1 reach each other, by send and by publish. */
import { Any, Payload } from "@agentmesh/proto/agents";
import { agentId, connectWorker, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { AutogenPeer, attributes, json } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";
import { Journal } from "../../support/journal.ts";

const Answer = defineMessage("Answer", z.object({ text: z.string() }));
const Ask = defineMessage("Ask", z.object({ question: z.string() }), { reply: Answer });
const Note = defineMessage("Note", z.object({ text: z.string() }));
const Proto = defineMessage("agents.Payload", Payload);
const ProtoAsk = defineMessage("agents.Payload", Payload, { reply: Proto });

interface Heard {
  readonly text: string;
  readonly sender: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A mesh with a worker of each protocol. */
async function bothKinds() {
  const mesh = await hostForTest();
  const worker = await connectWorker({ host: mesh.address, name: "typescript" });
  onTestFinished(() => worker.close());
  const peer = new AutogenPeer(mesh.address);
  await peer.open();
  const heard = new Journal<Heard>("the TypeScript agent");
  const oracle = defineAgent("oracle", {
    subscriptions: ["news"],
    handlers: (on) => [
      on(Ask, ({ question }, { self, sender }) => {
        if (question === "fail") throw new Error("no oracle today");
        return { text: `${self.key} to ${sender?.text}: ${question}` };
      }),
      on(Note, ({ text }, { sender, metadata = {} }) => {
        heard.add({ text, sender: sender?.text, metadata });
      }),
      on(Proto, ({ dataType }, { sender }) => {
        heard.add({ text: dataType, sender: sender?.text, metadata: {} });
      }),
    ],
  });
  return { worker, peer, heard, oracle };
}

describe("a send from a worker of AutoGen", () => {
  test("is answered by a TypeScript agent, which sees who asks", async () => {
    const { worker, peer, oracle } = await bothKinds();
    await worker.register(oracle);
    await peer.serve("clerk");
    const response = await peer.request("oracle/delphi", '{"question": "why?"}', {
      source: { type: "clerk", key: "1" },
    });
    expect(response.error).toBe("");
    expect(response.payload).toEqual(json("Answer", '{"text":"delphi to clerk/1: why?"}'));
  });

  test("cannot speak as an agent of another worker", async () => {
    const { worker, peer, oracle } = await bothKinds();
    await worker.register(oracle);
    const response = await peer.request("oracle/delphi", '{"question": "why?"}', {
      source: { type: "oracle", key: "pythia" },
    });
    expect(response.payload?.data.toString()).toBe('{"text":"delphi to undefined: why?"}');
  });

  test("gets the error of a TypeScript handler as text", async () => {
    const { worker, peer, oracle } = await bothKinds();
    await worker.register(oracle);
    const response = await peer.request("oracle/delphi", '{"question": "fail"}');
    expect(response).toMatchObject({ error: "no oracle today", payload: undefined });
  });

  test("to a type that nobody has fails at once, with a text that says so", async () => {
    const { peer } = await bothKinds();
    const response = await peer.request("nobody/1", "{}");
    expect(response.error).toMatch(/^AGENT_TYPE_UNKNOWN: no worker announced agent type "nobody"/);
    expect(response.payload).toBeUndefined();
  });
});

describe("a send to an agent of AutoGen", () => {
  test("is answered with its payload", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk");
    peer.answer("clerk", ({ target, source, payload }) => {
      expect([source, payload?.dataType]).toEqual([undefined, "Ask"]);
      return { payload: json("Answer", `{"text": "${target?.key}"}`) };
    });
    expect(await worker.send(agentId("clerk", "a/b"), Ask({ question: "who?" }))).toEqual({
      text: "a/b",
    });
  });

  test("fails with what its handler said", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk");
    peer.answer("clerk", () => ({ error: "out of stamps" }));
    const sent = worker.send(agentId("clerk", "1"), Ask({ question: "?" }));
    await expect(sent).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      outcome: "executed",
      message: expect.stringContaining("out of stamps"),
    });
  });

  test("fails when the answer holds neither a payload nor an error", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk");
    peer.answer("clerk", () => ({}));
    const sent = worker.send(agentId("clerk", "1"), Ask({ question: "?" }));
    await expect(sent).rejects.toMatchObject({ code: "HANDLER_FAILED" });
  });

  test("carries protobuf as an Any on AutoGen's side and bare in the mesh", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk");
    peer.answer("clerk", ({ payload }) => {
      const { typeUrl, value } = Any.decode(payload?.data ?? Buffer.alloc(0));
      expect(typeUrl).toBe("type.googleapis.com/agents.Payload");
      expect(Payload.decode(value)).toMatchObject({ dataType: "hello" });
      return payload === undefined ? {} : { payload };
    });
    const message = json("hello", "x");
    expect(await worker.send(agentId("clerk", "1"), ProtoAsk(message))).toEqual(message);
  });
});

describe("an event of a worker of AutoGen", () => {
  test("reaches a TypeScript agent with its attributes as metadata", async () => {
    const { worker, peer, heard, oracle } = await bothKinds();
    await worker.register(oracle);
    await peer.serve("clerk");
    const texts = {
      dataschema: "Note",
      datacontenttype: "application/json",
      agagentsendertype: "clerk",
      agagentsenderkey: "1",
      color: "red",
    };
    peer.publish("news/today", '{"text": "extra"}', { attributes: attributes(texts) });
    expect(await heard.first(() => true, "the event")).toMatchObject({
      text: "extra",
      sender: "clerk/1",
      metadata: { color: "red" },
    });
  });

  test("carries protobuf", async () => {
    const { worker, peer, heard, oracle } = await bothKinds();
    await worker.register(oracle);
    const value = Buffer.from(Payload.encode(json("hello", "")).finish());
    peer.publish("news/today", "", {
      attributes: attributes({
        dataschema: "agents.Payload",
        datacontenttype: "application/x-protobuf",
      }),
      data: {
        $case: "protoData",
        value: { typeUrl: "type.googleapis.com/agents.Payload", value },
      },
    });
    expect(await heard.first(() => true, "the event")).toMatchObject({ text: "hello" });
  });
});

describe("an event of the mesh", () => {
  test("reaches a worker of AutoGen as such workers write theirs", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk", "news");
    await worker.publish(topicId("news", "today"), Note({ text: "extra" }));
    const [event] = await peer.events(1);
    expect(event).toMatchObject({
      type: "news",
      source: "today",
      specVersion: "1.0",
      attributes: attributes({
        dataschema: "Note",
        datacontenttype: "application/json",
        agmsgkind: "publish",
        agagentsendertype: "unknown",
        agagentsenderkey: "unknown",
      }),
      data: { $case: "binaryData", value: Buffer.from('{"text":"extra"}') },
    });
    expect(event?.id).not.toBe("");
  });

  test("carries protobuf", async () => {
    const { worker, peer } = await bothKinds();
    await peer.serve("clerk", "news");
    await worker.publish(topicId("news", "today"), Proto(json("hello", "")));
    const [event] = await peer.events(1);
    const value = Buffer.from(Payload.encode(json("hello", "")).finish());
    const typeUrl = "type.googleapis.com/agents.Payload";
    expect(event?.data).toEqual({ $case: "protoData", value: { typeUrl, value } });
    expect(event?.attributes).toMatchObject(
      attributes({ dataschema: "agents.Payload", datacontenttype: "application/x-protobuf" }),
    );
  });
});
