import { describe, expect, test } from "vitest";
import { AppError, meshError } from "./mesh-error.ts";
import { handlerFailure } from "./thrown.ts";

function jsonOf(details: Uint8Array | undefined): unknown {
  return details && JSON.parse(Buffer.from(details).toString());
}

describe("what a handler threw", () => {
  test("as an application error keeps code, text and details", () => {
    const error = new AppError("out-of-stock", "none left", { left: 0, names: ["é"] });
    const told = handlerFailure(error);
    expect(told).toMatchObject({
      code: "APPLICATION",
      appCode: "out-of-stock",
      text: "none left",
      stack: error.stack,
    });
    expect(jsonOf(told.details)).toEqual({ left: 0, names: ["é"] });
    expect(handlerFailure(new AppError("a", "b")).details).toBeUndefined();
    expect(jsonOf(handlerFailure(new AppError("a", "b", null)).details)).toBeNull();
  });

  test("as a subclass of the application error is one too", () => {
    class Refusal extends AppError {}
    expect(handlerFailure(new Refusal("no", "not today"))).toMatchObject({ appCode: "no" });
  });

  test("as an error of the mesh is a failure of the handler, which names it", () => {
    const told = handlerFailure(meshError("WORKER_LOST", "it went away"));
    expect(told).toMatchObject({ code: "HANDLER_FAILED", text: "WORKER_LOST: it went away" });
    expect(told.retryable).toBe(false);
    expect(told.stack).toContain("it went away");
  });

  test("as any other error tells its message, or its name", () => {
    expect(handlerFailure(new TypeError("x is undefined"))).toMatchObject({
      code: "HANDLER_FAILED",
      outcome: "executed",
      text: "x is undefined",
      appCode: "",
      details: undefined,
    });
    expect(handlerFailure(new RangeError("")).text).toBe("RangeError");
  });

  test.each([
    ["a text", "oops", "threw oops"],
    ["nothing", undefined, "threw undefined"],
    ["null", null, "threw null"],
    ["a symbol", Symbol("s"), "threw Symbol(s)"],
    ["an object without prototype", Object.create(null), "threw a value that has no text"],
    ["an object that resists", { toString: () => ({}) }, "threw a value that has no text"],
  ])("as %s is told as well as it can be", (_what, thrown, text) => {
    expect(handlerFailure(thrown)).toMatchObject({ code: "HANDLER_FAILED", text });
  });

  test("as an error whose parts are not what they should be does no harm", () => {
    const odd = Object.assign(new Error("x"), { message: { toString: () => "odd" }, stack: 5 });
    expect(handlerFailure(odd)).toMatchObject({ text: "odd", stack: "5" });
    const getter = new Error("x");
    Object.defineProperty(getter, "message", {
      get() {
        throw new Error("no");
      },
    });
    expect(handlerFailure(getter).code).toBe("HANDLER_FAILED");
    const numeric = new AppError("a", "b");
    Object.assign(numeric, { code: 42 });
    expect(handlerFailure(numeric).appCode).toBe("42");
  });
});

describe("details that JSON cannot carry are left out, and the text says why:", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  test.each([
    ["a cycle", cycle, /^no \(its details are left out: .*circular.*\)$/i],
    ["a bigint", { n: 1n }, /BigInt/],
    ["a function", () => {}, /JSON has no function/],
    ["a symbol", Symbol("s"), /JSON has no symbol/],
    [
      "a toJSON that throws",
      {
        toJSON() {
          throw new Error("not me");
        },
      },
      /not me/,
    ],
    ["300 000 bytes", "x".repeat(300_000), /300002 bytes; the most is 262144/],
  ])("%s", (_what, details, text) => {
    const told = handlerFailure(new AppError("code", "no", details));
    expect(told).toMatchObject({ code: "APPLICATION", appCode: "code", details: undefined });
    expect(told.text).toMatch(text);
  });
});

test("no error makes a failure that a frame could not carry", () => {
  const endless = "x".repeat(10_000_000);
  const error = new AppError(endless, endless, "y".repeat(262_000));
  const { text, appCode, stack, details } = handlerFailure(error);
  expect(text.length + appCode.length + stack.length).toBeLessThan(64 * 1024);
  expect(details).toHaveLength(262_002);
  const complaint = handlerFailure(new AppError("code", endless, 1n)).text;
  expect(complaint).toMatch(/^x+… \(its details are left out: .*BigInt.*\)$/);
});
