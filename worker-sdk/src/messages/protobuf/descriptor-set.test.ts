import { createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { KINDS, protoFiles } from "../../test-doubles/proto-files.ts";
import { loadProtobuf } from "./load-protobuf.ts";

async function load(files: Readonly<Record<string, string>>, name: string) {
  await using written = await protoFiles(files);
  const paths = Object.keys(files).map((file) => written.path(file));
  return loadProtobuf(paths).type(name);
}

it("describes a type and all that it needs, so that another library can read its messages", async () => {
  const kinds = await load(KINDS, "demo.Kinds");
  const set = fromBinary(FileDescriptorSetSchema, kinds.descriptorSet() ?? new Uint8Array());
  expect(set.file.map(({ name }) => name).sort()).toEqual([
    "demo.proto",
    "demo/places.proto",
    "google/protobuf.proto",
  ]);
  const registry = createFileRegistry(set);
  const schema = registry.getMessage("demo.Kinds");
  if (schema === undefined) throw new Error("the descriptors do not name the type");
  const message = {
    aText: "x",
    names: ["a"],
    scores: { a: 1 },
    byNumber: { "3": { label: "three" } },
    right: 0,
    maybe: 0,
    place: { name: "here", size: "SIZE_LARGE" },
    colour: "COLOUR_BLUE",
    flags: { true: "COLOUR_RED" },
    inner: { leaf: { label: "leaf" } },
    at: { seconds: 1 },
    zig: -1,
  };
  const read = fromBinary(schema, kinds.encode(message).finish());
  expect(toJson(schema, read, { registry })).toMatchObject({ ...message, at: expect.anything() });
});

it("leaves out what the type does not need", async () => {
  const place = await load(KINDS, "demo.places.Place");
  const set = fromBinary(FileDescriptorSetSchema, place.descriptorSet() ?? new Uint8Array());
  expect(set.file.flatMap(({ messageType }) => messageType.map(({ name }) => name))).toEqual([
    "Place",
  ]);
});

it.each([
  ["a type of proto2", { "a.proto": `syntax = "proto2"; message A { required int32 a = 1; }` }],
  [
    "an implicit type of proto2",
    { "a.proto": `syntax = "proto2"; message A { optional int32 a = 1; }` },
  ],
  [
    "packages in a circle",
    {
      "a.proto": `syntax = "proto3"; import "c.proto"; message A { c.C c = 1; } message B {}`,
      "b.proto": `syntax = "proto3"; package c; message D { .B b = 1; }`,
      "c.proto": `syntax = "proto3"; package c; message C { D d = 1; }`,
    },
  ],
])("does not describe %s", async (_, files) => {
  expect((await load(files, "A")).descriptorSet()).toBeUndefined();
});
