import { MeshError } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonCodec } from "./json-codec.ts";
import type { EncodedPayload } from "./message-type.ts";

const codec = jsonCodec("demo.Job", z.object({ id: z.string(), tries: z.number().default(1) }));
const anything = jsonCodec("demo.Any", z.unknown());

function json(text: string, contentType = ""): EncodedPayload {
  return { contentType, data: Buffer.from(text) };
}

function refusal(attempt: () => unknown): MeshError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof MeshError) return error;
  }
  throw new Error("expected a MeshError");
}

describe("encoding JSON", () => {
  it("transmits the input, not what the schema makes of it", () => {
    expect(codec.encode({ id: "a" })).toEqual(json('{"id":"a"}'));
  });

  it("refuses what the schema refuses, with name and path", () => {
    const Deep = jsonCodec(
      "demo.Deep",
      z.object({ list: z.array(z.object({ "odd-name": z.string() })) }),
    );
    const wrong: unknown = { list: [{ "odd-name": "x" }, { "odd-name": 1 }] };
    const error = refusal(() => Deep.encode(wrong as { list: { "odd-name": string }[] }));
    expect(error.code).toBe("PAYLOAD_INVALID");
    expect(error.outcome).toBe("not-executed");
    expect(error.message).toBe(
      'PAYLOAD_INVALID: message demo.Deep: list[1]["odd-name"]: Invalid input: expected string, received number',
    );
  });

  it("names the place of a BigInt", () => {
    const error = refusal(() => anything.encode({ items: [{ size: 1 }, { size: 2n }] }));
    expect(error.message).toBe(
      "PAYLOAD_INVALID: message demo.Any: items[1].size: JSON cannot carry a BigInt",
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it("names the place of a cycle", () => {
    const tree: { name: string; up?: unknown } = { name: "leaf" };
    tree.up = { below: [tree] };
    expect(refusal(() => anything.encode(tree)).message).toBe(
      "PAYLOAD_INVALID: message demo.Any: up.below[0]: JSON cannot carry a cycle",
    );
  });

  it("refuses a message that is nothing to JSON", () => {
    expect(refusal(() => anything.encode(undefined)).message).toMatch(
      /demo\.Any: JSON cannot carry undefined$/,
    );
    expect(refusal(() => anything.encode(Symbol("x"))).message).toMatch(
      /JSON cannot carry a value of type symbol$/,
    );
    expect(refusal(() => anything.encode(() => 1)).message).toMatch(
      /JSON cannot carry a value of type function$/,
    );
    expect(refusal(() => anything.encode(1n)).message).toMatch(
      /demo\.Any: JSON cannot carry a BigInt$/,
    );
  });

  it("refuses a value whose toJSON throws or that is too deep for the serializer", () => {
    const sick = {
      toJSON() {
        throw new Error("sick");
      },
    };
    expect(refusal(() => anything.encode({ sick })).message).toMatch(
      /demo\.Any: it does not become JSON: sick$/,
    );
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(refusal(() => anything.encode(deep)).code).toBe("PAYLOAD_INVALID");
  });
});

describe("decoding JSON", () => {
  it("parses to the output of the schema", () => {
    expect(codec.decode(json('{"id":"a","more":true}'))).toEqual({ id: "a", tries: 1 });
  });

  it("reads views of larger buffers, Buffer or not", () => {
    const batch = Buffer.from('__"grün"__');
    const view = batch.subarray(2, batch.length - 2);
    const plain = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    expect(anything.decode({ contentType: "", data: view })).toBe("grün");
    expect(anything.decode({ contentType: "", data: plain })).toBe("grün");
  });

  it.each(["", "application/json", "application/json; charset=utf-8", "Application/JSON"])(
    "takes %j",
    (type) => {
      expect(anything.decode(json("1", type))).toBe(1);
    },
  );

  it("refuses another content type", () => {
    expect(refusal(() => anything.decode(json("1", "application/x-protobuf"))).message).toBe(
      "PAYLOAD_INVALID: message demo.Any: the content type is application/x-protobuf, expected application/json",
    );
  });

  it.each(["", "{", "undefined", "\ufeff1"])("refuses %j, which is not JSON", (text) => {
    const error = refusal(() => anything.decode(json(text)));
    expect(error.code).toBe("PAYLOAD_INVALID");
    expect(error.message).toMatch(/message demo\.Any: it is not JSON/);
  });

  it("refuses broken UTF-8 but not the character that stands for it", () => {
    expect(anything.decode(json('"\ufffd"'))).toBe("\ufffd");
    const broken = { contentType: "", data: Uint8Array.from([0x22, 0xc3, 0x22]) };
    expect(refusal(() => anything.decode(broken)).message).toMatch(/demo\.Any: it is not UTF-8$/);
  });

  it("refuses what the schema refuses", () => {
    expect(refusal(() => codec.decode(json('{"tries":"x"}'))).message).toBe(
      "PAYLOAD_INVALID: message demo.Job: id: Invalid input: expected string, received undefined; " +
        "tries: Invalid input: expected number, received string",
    );
  });
});
