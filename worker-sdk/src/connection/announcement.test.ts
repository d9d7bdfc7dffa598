import { describe, expect, test } from "vitest";
import { toAgentTypes } from "./announcement.ts";
import type { AnnouncedType } from "./mesh-port.ts";

/** An agent type that handles one message with a schema of this size, or several. */
function announced(...sizes: readonly number[]): AnnouncedType {
  return {
    name: "worker",
    description: "",
    handles: sizes.map((size, index) => ({
      messageType: `demo.M${index}`,
      replyType: "",
      replyStream: false,
      describe: () => ({ mediaType: "application/schema+json", data: Buffer.alloc(size) }),
    })),
    agentWindow: 0,
    maxTurnMs: 0,
    concurrency: 1,
  };
}

function told(types: readonly AnnouncedType[]): number[] {
  return toAgentTypes(types).flatMap(({ handles }) => handles.map(({ schema }) => schema.length));
}

describe("the schemas of an announcement", () => {
  test("are told with their media type", () => {
    const [type] = toAgentTypes([announced(5)]);
    expect(type?.handles).toEqual([
      {
        messageType: "demo.M0",
        replyType: "",
        replyStream: false,
        schemaType: "application/schema+json",
        schema: Buffer.alloc(5),
      },
    ]);
  });

  test("are left out above 64 KiB", () => {
    const [type] = toAgentTypes([announced(64 * 1024, 64 * 1024 + 1)]);
    expect(type?.handles.map(({ schema }) => schema.length)).toEqual([64 * 1024, 0]);
    expect(type?.handles.map(({ schemaType }) => schemaType !== "")).toEqual([true, false]);
  });

  test("take 512 KiB at most, over all types of a frame; smaller ones still fit behind", () => {
    const types = [announced(...Array.from({ length: 7 }, () => 60_000)), announced(60_000)];
    expect(told([...types, announced(60_000, 44_288, 1)])).toEqual([
      ...Array.from({ length: 8 }, () => 60_000),
      0,
      44_288,
      0,
    ]);
  });
});
