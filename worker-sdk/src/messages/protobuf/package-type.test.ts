import { loadSync } from "@grpc/proto-loader";
import { describe, expect, it } from "vitest";
import { KINDS, protoFiles } from "../../test-doubles/proto-files.ts";
import { defineMessage } from "../define-message.ts";
import { loadProtobuf } from "./load-protobuf.ts";
import { packageType } from "./package-type.ts";

const OPTIONS = { longs: String, enums: String, defaults: true } as const;
const PLACE = { name: "here", size: "SIZE_LARGE" };

async function load() {
  await using files = await protoFiles(KINDS);
  const file = files.path("places.proto");
  return { definitions: loadSync(file, OPTIONS), loaded: loadProtobuf(file) };
}

describe("a type of @grpc/proto-loader", () => {
  it("becomes a message like one that loadProtobuf has loaded", async () => {
    const { definitions, loaded } = await load();
    const One = defineMessage("demo.places.Place", packageType(definitions, "demo.places.Place"));
    const Other = defineMessage("demo.places.Place", loaded.type("demo.places.Place"));
    expect(One.decode(Other.encode(PLACE))).toEqual(PLACE);
    expect(Other.decode(One.encode(PLACE))).toEqual(PLACE);
    expect(One.describe?.()).toBeUndefined();
  });

  it("refuses hostile bytes with a typed error", async () => {
    const Place = defineMessage(
      "Place",
      packageType((await load()).definitions, "demo.places.Place"),
    );
    const payload = { contentType: "application/x-protobuf", data: Buffer.of(0x0a, 9) };
    expect(() => Place.decode(payload)).toThrow(
      "PAYLOAD_INVALID: message Place: it is not protobuf of this type: ",
    );
    const json = { contentType: "", data: Buffer.from("{}") };
    expect(() => Place.decode(json)).toThrow("the content type is application/json, expected");
  });

  it.each(["Place", "demo.places.Place.Size", "toString"])(
    "has to be a message: %s",
    async (name) => {
      const { definitions } = await load();
      expect(() => packageType(definitions, name)).toThrow(
        `INVALID_ARGUMENT: the definitions have no message "${name}"; give its full name`,
      );
    },
  );
});
