import { agentId, type MeshError } from "@agentmesh/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { stateCodec } from "./state-codec.ts";

const id = agentId("counter", "a");

function refusalOf(run: () => unknown): MeshError {
  try {
    run();
  } catch (error) {
    return error as MeshError;
  }
  throw new Error("it was not refused");
}

describe("the codec of a state", () => {
  const schema = z.object({ seen: z.number(), names: z.array(z.string()).default([]) });

  it("saves a copy and loads what the schema makes of it", () => {
    const codec = stateCodec("counter", { state: { schema } });
    const state = { seen: 1, names: ["x"] };
    const saved = codec.save(state, id);
    state.names.push("later");
    expect(saved).toEqual({ seen: 1, names: ["x"] });
    expect(codec.load({ seen: 2 }, 1, id)).toEqual({ seen: 2, names: [] });
  });

  it("refuses what does not fit the schema", () => {
    const codec = stateCodec("counter", { state: { schema } });
    expect(refusalOf(() => codec.load({ seen: "1" }, 1, id))).toMatchObject({
      code: "PAYLOAD_INVALID",
      message: expect.stringContaining("saved state of agent type counter: seen: "),
    });
  });

  it("takes what was saved as it is without a schema, but never shares it", () => {
    const codec = stateCodec<{ seen: number[] }>("counter", { state: {} });
    const saved = { seen: [1] };
    const loaded = codec.load(saved, 1, id);
    loaded.seen.push(2);
    expect(saved).toEqual({ seen: [1] });
  });

  it.each([
    [{ at: new Date(0) }, "at: an object of class Date is not plain JSON"],
    [{ of: { each: new Map() } }, "of.each: an object of class Map is not plain JSON"],
    [{ list: [1, Number.NaN] }, "list[1]: NaN is not plain JSON"],
    [{ list: [undefined] }, "list[0]: a value of type undefined is not plain JSON"],
    [{ big: 1n }, "big: a value of type bigint is not plain JSON"],
    [{ run: () => 1 }, "run: a value of type function is not plain JSON"],
    [undefined, "a value of type undefined is not plain JSON"],
  ])("refuses to save %o", (state, text) => {
    const codec = stateCodec<unknown>("counter", { state: {} });
    const refusal = refusalOf(() => codec.save(state, id));
    expect(refusal.code).toBe("PAYLOAD_INVALID");
    expect(refusal.message).toContain(text);
    expect(refusal.message).toContain("give onSave and onLoad");
  });

  it("refuses a state that contains itself", () => {
    const state: Record<string, unknown> = {};
    state.self = state;
    const codec = stateCodec<unknown>("counter", { state: {} });
    expect(refusalOf(() => codec.save(state, id)).message).toContain("deeper than 200 levels");
  });

  it("leaves out undefined properties and keeps odd names", () => {
    const codec = stateCodec<unknown>("counter", { state: {} });
    const odd = JSON.parse('{"__proto__": {"x": 1}, "a": null}');
    expect(codec.save({ ...odd, gone: undefined }, id)).toEqual({ ...odd });
    expect(JSON.stringify(codec.save(odd, id))).toBe('{"__proto__":{"x":1},"a":null}');
  });

  it("goes through the hooks when there are some", () => {
    const codec = stateCodec<Map<string, number>>("counter", {
      state: { version: 3 },
      onSave: (state, { key }) => ({ key, entries: [...state] }),
      onLoad: (saved) => new Map(z.object({ entries: z.array(PAIR) }).parse(saved).entries),
    });
    const saved = codec.save(new Map([["x", 1]]), id);
    expect(saved).toEqual({ key: "a", entries: [["x", 1]] });
    expect(codec.load(saved, 3, id)).toEqual(new Map([["x", 1]]));
    expect(refusalOf(() => codec.load({}, 3, id)).code).toBe("PAYLOAD_INVALID");
  });

  it("refuses what a hook returns when it is not plain JSON, a promise for one", () => {
    const codec = stateCodec("counter", { onSave: async () => 1, onLoad: () => undefined });
    expect(refusalOf(() => codec.save(undefined, id)).message).toContain("class Promise");
  });

  it("refuses states of another version", () => {
    const codec = stateCodec("counter", { state: { schema, version: 2 } });
    expect(refusalOf(() => codec.load({ seen: 1 }, 1, id))).toMatchObject({
      code: "VERSION_UNSUPPORTED",
      message: expect.stringContaining("has version 1; this one loads version 2"),
    });
  });

  it("has nothing to save where agents keep no state", () => {
    const codec = stateCodec("counter", {});
    expect(codec.keepsState).toBe(false);
    expect(codec.save(undefined, id)).toBeNull();
    expect(codec.load(null, 1, id)).toBeUndefined();
    expect(refusalOf(() => codec.load({}, 1, id)).code).toBe("PAYLOAD_INVALID");
  });

  it.each([
    [{ state: { version: 0 } }, "state.version must be an integer of 1 or more, not 0"],
    [{ state: { version: 1.5 } }, "state.version must be"],
    [{ onSave: () => 1 }, "onSave and onLoad belong together"],
    [{ onLoad: () => undefined }, "onSave and onLoad belong together"],
  ])("refuses the options %o", (options, text) => {
    expect(refusalOf(() => stateCodec("counter", options))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`agent type counter: ${text}`),
    });
  });
});

const PAIR = z.tuple([z.string(), z.number()]);
