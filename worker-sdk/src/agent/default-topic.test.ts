import { MeshError } from "@agentmesh/proto";
import { expect, it } from "vitest";
import { defaultTopic } from "./default-topic.ts";

it("names the topic default from a source, which is default as well unless given", () => {
  expect(defaultTopic()).toMatchObject({ type: "default", source: "default" });
  expect(defaultTopic("room-1")).toMatchObject({ type: "default", source: "room-1" });
  expect(() => defaultTopic("")).toThrow(MeshError);
});
