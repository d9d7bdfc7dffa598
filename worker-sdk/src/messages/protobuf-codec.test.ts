import { AgentIdMessage, Subscription } from "@agentmesh/proto/agentmesh/v1";
import { describe, expect, it } from "vitest";
import { type ProtobufType, protobufCodec } from "./protobuf-codec.ts";

const codec = protobufCodec("demo.Where", AgentIdMessage);
const PROTOBUF = "application/x-protobuf";

describe("protobufCodec", () => {
  it("round-trips a message", () => {
    const payload = codec.encode({ type: "oracle", key: "delphi" });
    expect(payload.contentType).toBe(PROTOBUF);
    expect(payload.data).toEqual(AgentIdMessage.encode({ type: "oracle", key: "delphi" }).finish());
    expect(codec.decode(payload)).toEqual({ type: "oracle", key: "delphi" });
  });

  it("decodes the empty message", () => {
    expect(codec.decode({ contentType: PROTOBUF, data: new Uint8Array() })).toEqual({
      type: "",
      key: "",
    });
  });

  it("gives receivers bytes of their own", () => {
    const type: ProtobufType<Uint8Array> = {
      encode: (message) => ({ finish: () => message }),
      decode: (bytes) => bytes.subarray(1),
    };
    const views = protobufCodec("demo.View", type);
    const payload = { contentType: PROTOBUF, data: Buffer.of(0, 1) };
    views.decode(payload)[0] = 9;
    expect([...views.decode(payload)]).toEqual([1]);
  });

  it.each(["", "application/json", "application/x-protobuf-text"])(
    "refuses the content type %j",
    (contentType) => {
      expect(() => codec.decode({ contentType, data: new Uint8Array() })).toThrow(
        `PAYLOAD_INVALID: message demo.Where: the content type is ${contentType || "application/json"}, expected ${PROTOBUF}`,
      );
    },
  );

  it("refuses truncated bytes", () => {
    const data = codec.encode({ type: "oracle", key: "delphi" }).data.subarray(0, 5);
    expect(() => codec.decode({ contentType: PROTOBUF, data })).toThrow(
      /PAYLOAD_INVALID: message demo\.Where: it is not protobuf of this type: /,
    );
  });

  it("refuses a message that the generated code cannot encode", () => {
    const subscriptions = protobufCodec("demo.Subscription", Subscription);
    const wrong: unknown = null;
    expect(() => subscriptions.encode(wrong as Subscription)).toThrow(
      /PAYLOAD_INVALID: message demo\.Subscription: it does not become protobuf: /,
    );
  });

  it("works with any writer that can finish", () => {
    const type: ProtobufType<string> = {
      encode: (message) => ({ finish: () => Buffer.from(message) }),
      decode: (bytes) => Buffer.from(bytes).toString(),
    };
    const texts = protobufCodec("demo.Text", type);
    expect(texts.decode(texts.encode("x"))).toBe("x");
  });
});

describe("protobufCodec with the JSON mapping", () => {
  /** As ts-proto generates it with `outputJsonMethods`. */
  const type: ProtobufType<AgentIdMessage> = {
    ...AgentIdMessage,
    toJSON: ({ type, key }) => ({ type, key }),
    fromJSON(json) {
      if (typeof json !== "object" || json === null) throw new TypeError("no object");
      return {
        type: "type" in json ? String(json.type) : "",
        key: "key" in json ? String(json.key) : "",
      };
    },
  };
  const message = { type: "oracle", key: "delphi" };
  const json = { contentType: "", data: Buffer.from('{"type":"oracle","key":"delphi"}') };

  it.each(["", "application/json", "Application/JSON; charset=utf-8"])(
    "reads JSON of the content type %j as well",
    (contentType) => {
      expect(protobufCodec("demo.Where", type).decode({ ...json, contentType })).toEqual(message);
    },
  );

  it("sends JSON when it is told to, and still reads protobuf", () => {
    const either = protobufCodec("demo.Where", type, "json");
    expect(either.encode(message)).toEqual(json);
    expect(either.decode(codec.encode(message))).toEqual(message);
  });

  it("names both media types when it refuses another one", () => {
    const either = protobufCodec("demo.Where", type);
    expect(() => either.decode({ ...json, contentType: "text/plain" })).toThrow(
      "the content type is text/plain, expected application/x-protobuf or application/json",
    );
  });

  it("refuses JSON that is not of the type", () => {
    const wrong = { contentType: "", data: Buffer.from("5") };
    expect(() => protobufCodec("demo.Where", type).decode(wrong)).toThrow(
      "PAYLOAD_INVALID: message demo.Where: it is not of this type: no object",
    );
  });

  it("refuses to be defined as JSON without the mapping", () => {
    expect(() => protobufCodec("demo.Where", AgentIdMessage, "json")).toThrow(
      "INVALID_ARGUMENT: message demo.Where cannot be sent as JSON: its type has no toJSON",
    );
  });
});
