import { describe, expect, test, vi } from "vitest";
import { ERROR_TABLE } from "./error-table.ts";
import { failure } from "./failure.ts";
import { AppError, invalid, MeshError, meshError } from "./mesh-error.ts";

/** The classes of another installed copy of the package. */
async function otherCopy() {
  vi.resetModules();
  return import("./mesh-error.ts");
}

describe("a mesh error", () => {
  test("says what the table says, unless the site that failed knows better", () => {
    const { outcome, retryable, status, text } = ERROR_TABLE.OVERLOADED;
    const plain = meshError("OVERLOADED");
    expect(plain).toMatchObject({ code: "OVERLOADED", outcome, retryable, status });
    expect(plain.message).toBe(`OVERLOADED: ${text}`);
    const hints = { outcome: "unknown", retryable: false, retryAfterMs: 50 } as const;
    expect(meshError("OVERLOADED", "full", hints)).toMatchObject(hints);
    expect(meshError("OVERLOADED", "").message).toBe("OVERLOADED: ");
    expect(invalid("no").code).toBe("INVALID_ARGUMENT");
  });

  test("keeps its cause, and has none otherwise", () => {
    const cause = new Error("the reason");
    expect(meshError("INTERNAL", "x", { cause }).cause).toBe(cause);
    expect(meshError("INTERNAL", "x")).not.toHaveProperty("cause");
  });

  test("parses details; broken ones hide nothing", () => {
    const withDetails = (json: string) =>
      new MeshError(failure("APPLICATION", "x", { details: Buffer.from(json) }));
    expect(withDetails('{"a":[1]}').details).toEqual({ a: [1] });
    expect(withDetails("null").details).toBeNull();
    expect(withDetails("{").details).toBeUndefined();
    expect(withDetails("").details).toBeUndefined();
  });
});

describe("instanceof", () => {
  test("works across copies of the package, for each class by itself", async () => {
    const other = await otherCopy();
    expect(other.MeshError).not.toBe(MeshError);
    expect(other.meshError("CLOSED") instanceof MeshError).toBe(true);
    expect(meshError("CLOSED") instanceof other.MeshError).toBe(true);
    expect(new other.AppError("a", "b") instanceof AppError).toBe(true);
    expect(new other.AppError("a", "b") instanceof MeshError).toBe(false);
    expect(other.meshError("CLOSED") instanceof AppError).toBe(false);
    expect(meshError("CLOSED") instanceof Error).toBe(true);
  });

  test("of a subclass means the subclass", () => {
    class Refusal extends AppError {}
    class Lost extends MeshError {}
    expect(new Refusal("a", "b") instanceof AppError).toBe(true);
    expect(new Refusal("a", "b") instanceof Refusal).toBe(true);
    expect(new AppError("a", "b") instanceof Refusal).toBe(false);
    expect(new Lost(failure("CLOSED")) instanceof MeshError).toBe(true);
    expect(meshError("CLOSED") instanceof Lost).toBe(false);
  });

  test.each([undefined, null, "MeshError", 5, {}, new Error("x"), () => {}])(
    "of %s is false",
    (own) => {
      expect(own instanceof MeshError).toBe(false);
      expect(own instanceof AppError).toBe(false);
    },
  );
});
