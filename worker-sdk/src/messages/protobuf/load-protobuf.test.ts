import path from "node:path";
import { expect, it } from "vitest";
import { KINDS, protoFiles } from "../../test-doubles/proto-files.ts";
import { loadProtobuf } from "./load-protobuf.ts";

it("loads a file with what stands beside it and what everybody has", async () => {
  await using files = await protoFiles(KINDS);
  const loaded = loadProtobuf(files.path("kinds.proto"));
  const place = loaded.type("demo.places.Place");
  const kinds = loaded.type("demo.Kinds");
  const bytes = kinds.encode({ place: { name: "here" }, at: { seconds: 1 } }).finish();
  expect(kinds.decode(bytes)).toMatchObject({ place: { name: "here" }, at: { seconds: "1" } });
  expect(place.decode(place.encode({ name: "there" }).finish())).toEqual({
    name: "there",
    size: "SIZE_UNSPECIFIED",
  });
});

it("looks files and imports up in the given folders", async () => {
  await using files = await protoFiles({
    "one.proto": `syntax = "proto3"; package one; message One { string text = 1; }`,
  });
  await using more = await protoFiles({
    "two.proto": `
      syntax = "proto3"; package two; import "one.proto"; message Two { one.One one = 1; }`,
  });
  const includeDirs = [path.join(files.folder, "nothing"), files.folder, more.folder];
  const loaded = loadProtobuf(["two.proto"], { includeDirs });
  const two = loaded.type<{ one: { text: string } }>("two.Two");
  expect(two.decode(two.encode({ one: { text: "x" } }).finish()).one.text).toBe("x");
});

it("loads the files of the protocol itself", async () => {
  const proto = path.resolve(import.meta.dirname, "../../../../proto");
  const loaded = loadProtobuf("agentmesh/v1/gateway.proto", { includeDirs: [proto] });
  expect(loaded.type("agentmesh.v1.Hello").decode(new Uint8Array())).toMatchObject({
    agentTypes: [],
  });
});

it.each([
  ["nowhere.proto", /INVALID_ARGUMENT: .*nowhere\.proto" cannot be loaded: ENOENT/],
  ["broken.proto", /INVALID_ARGUMENT: .*broken\.proto" cannot be loaded: illegal type name/],
  ["dangling.proto", /INVALID_ARGUMENT: .*dangling\.proto" cannot be loaded: .*Nobody/],
])("refuses %s", async (name, complaint) => {
  await using files = await protoFiles({
    "broken.proto": `syntax = "proto3"; message {`,
    "dangling.proto": `syntax = "proto3"; message One { Nobody nobody = 1; }`,
  });
  expect(() => loadProtobuf(files.path(name))).toThrow(complaint);
});

it.each(["Kinds", "demo.Missing", "demo.Colour", "demo", ""])(
  "refuses the name %j, which is not that of a message",
  async (name) => {
    await using files = await protoFiles(KINDS);
    const loaded = loadProtobuf(files.path("kinds.proto"));
    expect(() => loaded.type(name)).toThrow(/INVALID_ARGUMENT: .*give its full name/);
  },
);
