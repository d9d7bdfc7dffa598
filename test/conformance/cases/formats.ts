/** Messages in several formats: one type as JSON and as protobuf, types loaded at run time, and types that nobody knows. */
import path from "node:path";
import { ContentMessage } from "@agentmesh/proto/agentmesh/v1";
import {
  agentId,
  closureAgent,
  defineAgent,
  defineMessage,
  type RawMessage,
  stream,
  topicId,
} from "@agentmesh/worker-sdk";
import { loadProtobuf } from "@agentmesh/worker-sdk/protobuf";
import { expect } from "vitest";
import { Journal } from "../../support/journal.ts";
import { collect, refusalOf } from "../../support/settling.ts";
import { until } from "../../support/waiting.ts";
import { reached } from "../journals.ts";
import type { Case } from "../stage.ts";
import { Note, Recite, Said, Say } from "../vocabulary.ts";

const PROTO = path.resolve(import.meta.dirname, "../../../proto");
const loaded = loadProtobuf("agentmesh/v1/content.proto", { includeDirs: [PROTO] });

interface Content {
  readonly messageType?: string;
  readonly data?: Buffer;
  readonly metadata?: Readonly<Record<string, string>>;
}

const Loaded = defineMessage("agentmesh.v1.Content", loaded.type<Content>("agentmesh.v1.Content"));
/** The same message for somebody who prefers JSON. */
const LoadedAsJson = defineMessage(
  "agentmesh.v1.Content",
  loaded.type<Content>("agentmesh.v1.Content"),
  { encoding: "json" },
);
/** The same message for somebody who has generated code. */
const Generated = defineMessage("agentmesh.v1.Content", ContentMessage);

const Copy = defineMessage("demo.Copy", loaded.type<Content>("agentmesh.v1.Content"), {
  reply: Loaded,
});
const CopyAsJson = defineMessage("demo.Copy", loaded.type<Content>("agentmesh.v1.Content"), {
  reply: LoadedAsJson,
  encoding: "json",
});
const CopyToStream = defineMessage(
  "demo.CopyToStream",
  loaded.type<Content>("agentmesh.v1.Content"),
  {
    reply: stream(Generated),
  },
);

const CONTENT = { messageType: "x", data: Buffer.of(0, 255), metadata: { colour: "grün" } };

/** An agent type that takes what it has no handler for as it came. */
function hoarder(found: Journal<RawMessage>) {
  return defineAgent("hoarder", {
    subscriptions: ["news"],
    handlers: (on) => [on(Say, async (say) => say)],
    onUnknown: (message) => found.add(message),
  });
}

export const formats: readonly Case[] = [
  {
    id: "format.loaded",
    promise:
      "Types loaded from .proto files are messages like others, and as generated code has them.",
    async run({ caller, register }) {
      const copier = defineAgent("copier", {
        handlers: (on) => [
          on(Copy, async (content) => content),
          on(CopyToStream, async function* (content) {
            yield { ...ContentMessage.decode(new Uint8Array()), ...content };
          }),
        ],
      });
      await register(copier);
      const target = agentId("copier", "a");
      expect(await caller.send(target, Copy(CONTENT))).toMatchObject(CONTENT);
      const [copy] = await collect(caller.stream(target, CopyToStream(CONTENT)));
      expect(copy).toMatchObject(CONTENT);
      const wrong: Content = { data: 5 } as never;
      const error = await refusalOf(caller.send(target, Copy(wrong)));
      expect(error).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "not-executed" });
      expect(error.message).toContain(
        "demo.Copy: it does not become protobuf: data: expected bytes",
      );
    },
  },
  {
    id: "format.either",
    promise: "A protobuf type may be sent as JSON or protobuf; its receiver takes both.",
    async run({ caller, register }) {
      await register(closureAgent("protobuf", Copy, async (content) => content));
      await register(closureAgent("json", CopyAsJson, async (content) => content));
      for (const type of ["protobuf", "json"]) {
        for (const define of [Copy, CopyAsJson]) {
          const copy = await caller.send(agentId(type, "a"), define(CONTENT));
          expect(copy).toMatchObject(CONTENT);
        }
      }
    },
  },
  {
    id: "unknown.ignore",
    promise: "An agent type may ignore what it has no handler for: it counts as handled.",
    async run({ caller, register, quiet, deadLetters }) {
      const indifferent = defineAgent("indifferent", { handlers: () => [], onUnknown: "ignore" });
      await register(indifferent);
      await caller.send(agentId("indifferent", "a"), Note({ text: "hi" }));
      expect(
        await collect(caller.stream(agentId("indifferent", "a"), Recite({ count: 3 }))),
      ).toEqual([]);
      const error = await refusalOf(caller.send(agentId("indifferent", "a"), Say({ text: "hi" })));
      expect(error).toMatchObject({ code: "PAYLOAD_INVALID", outcome: "executed" });
      await quiet();
      expect(await deadLetters()).toEqual([]);
    },
  },
  {
    id: "unknown.raw",
    promise: "An agent type may take what it has no handler for as it arrived.",
    async run({ caller, register, runtimes }) {
      const found = new Journal<RawMessage>("raw messages");
      await register(hoarder(found));
      await caller.send(agentId("hoarder", "a"), Note({ text: "hi" }));
      await caller.send(agentId("hoarder", "a"), Loaded({ messageType: "x" }));
      await caller.publish(topicId("news", "a"), Note({ text: "psst" }));
      await caller.send(agentId("hoarder", "a"), Say({ text: "known" }));
      expect(await reached(found, 3)).toEqual([
        { messageName: "talk.Note", contentType: "", data: Buffer.from('{"text":"hi"}') },
        {
          messageName: "agentmesh.v1.Content",
          contentType: "application/x-protobuf",
          data: Buffer.from("\n\u0001x"),
        },
        { messageName: "talk.Note", contentType: "", data: Buffer.from('{"text":"psst"}') },
      ]);
      expect(runtimes.map(({ counters }) => counters.unhandledEvents)).not.toContain(1);
    },
  },
  {
    id: "unknown.raw-answers",
    promise:
      "A handler of unknown messages may answer them, with one message as it goes over the wire.",
    async run({ caller, register }) {
      const echo = defineAgent("echo", {
        handlers: () => [],
        onUnknown: ({ messageName, ...payload }) =>
          messageName === "talk.Note" ? undefined : { ...payload, messageName: Said.messageName },
      });
      await register(echo);
      const target = agentId("echo", "a");
      expect(await caller.send(target, Say({ text: "hi" }))).toEqual({ text: "hi" });
      await caller.send(target, Note({ text: "hi" }));
      const error = await refusalOf(collect(caller.stream(target, Recite({ count: 3 }))));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", outcome: "not-executed" });
      expect(error.message).toContain("talk.Recite is not answered by a stream; use send()");

      const odd = { handlers: () => [], onUnknown: () => ({ text: "hi" }) as never };
      await register(defineAgent("odd", odd));
      const invalid = await refusalOf(caller.send(agentId("odd", "a"), Say({ text: "hi" })));
      expect(invalid).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(invalid.message).toContain("onUnknown returned no message");
    },
  },
  {
    id: "unknown.raw-fails",
    promise: "A handler of unknown messages fails like any other.",
    async run({ caller, register, runtimes }) {
      const picky = defineAgent("picky", {
        handlers: () => [],
        onUnknown: ({ messageName }, ctx) => {
          throw new Error(`${ctx.self} does not like ${messageName}`);
        },
      });
      await register(picky);
      const error = await refusalOf(caller.send(agentId("picky", "a"), Note({ text: "hi" })));
      expect(error).toMatchObject({ code: "HANDLER_FAILED", outcome: "executed" });
      expect(error.message).toContain("picky/a does not like talk.Note");
      const failed = () => runtimes.reduce((sum, { counters }) => sum + counters.failedTurns, 0);
      await until(() => failed() === 1, "a failed turn");
    },
  },
];
