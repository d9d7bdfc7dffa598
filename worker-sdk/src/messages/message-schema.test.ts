import { AgentIdMessage } from "@agentmesh/proto/agentmesh/v1";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineMessage } from "./define-message.ts";

function described(type: { describe?(): { mediaType: string; data: Uint8Array } | undefined }) {
  const schema = type.describe?.();
  return (
    schema && { type: schema.mediaType, json: JSON.parse(Buffer.from(schema.data).toString()) }
  );
}

describe("the schema of a message", () => {
  it("is what senders give, where the Standard Schema can tell it", () => {
    const Ask = defineMessage(
      "demo.Ask",
      z.object({ question: z.string(), until: z.string().transform((text) => new Date(text)) }),
    );
    expect(described(Ask)).toEqual({
      type: "application/schema+json",
      json: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: { question: { type: "string" }, until: { type: "string" } },
        required: ["question", "until"],
      },
    });
  });

  it.each([
    ["cannot say what it takes", z.object({ day: z.date() })],
    ["knows no JSON Schema", v.object({ text: v.string() })],
  ])("is unknown when the Standard Schema %s", (_, schema) => {
    expect(defineMessage("demo.Any", schema).describe?.()).toBeUndefined();
  });

  it("is worked out once, when it is asked for", () => {
    let asked = 0;
    const standard = {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) => ({ value }),
      jsonSchema: {
        input: () => {
          asked++;
          return { type: "string" };
        },
      },
    };
    const type = defineMessage("demo.Any", { "~standard": standard });
    expect(asked).toBe(0);
    expect([described(type), described(type)].map((told) => told?.json)).toEqual([
      { type: "string" },
      { type: "string" },
    ]);
    expect(asked).toBe(1);
  });

  it("may be given, and is then told instead", () => {
    const schema = { type: "object", title: "mine" };
    const Given = defineMessage("demo.Given", z.object({}), { schema });
    expect(described(Given)).toEqual({ type: "application/schema+json", json: schema });
  });

  it("may be given as descriptors, for a generated type that has none", () => {
    expect(defineMessage("demo.Where", AgentIdMessage).describe?.()).toBeUndefined();
    const Where = defineMessage("demo.Where", AgentIdMessage, { schema: Buffer.of(1, 2) });
    expect(Where.describe?.()).toEqual({
      mediaType: "application/x-protobuf",
      data: Buffer.of(1, 2),
    });
  });

  it("must be JSON when it is given", () => {
    const schema: Record<string, unknown> = {};
    schema.self = schema;
    expect(() => defineMessage("demo.Endless", z.object({}), { schema })).toThrow(
      "INVALID_ARGUMENT: message demo.Endless: the option schema is not JSON",
    );
  });
});
