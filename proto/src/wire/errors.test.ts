import fc from "fast-check";
import { expect, test } from "vitest";
import { Error as ErrorMessage, Outcome as WireOutcome } from "../../gen/agentmesh/v1/error.ts";
import { ERROR_TABLE, type ErrorCode } from "../errors/error-table.ts";
import { type Failure, failure } from "../errors/failure.ts";
import { decodeFailure, encodeFailure, fromErrorMessage, toErrorMessage } from "./errors.ts";

const text = fc.string({ unit: "binary", maxLength: 100 });
const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];
const NOTHING = ErrorMessage.decode(new Uint8Array());
const failures: fc.Arbitrary<Failure> = fc.record({
  code: fc.constantFrom(...CODES),
  text,
  outcome: fc.constantFrom("not-executed", "unknown", "executed"),
  retryable: fc.boolean(),
  appCode: text,
  details: fc.option(
    fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
    { nil: undefined },
  ),
  retryAfterMs: fc.integer({ min: 0, max: 0xffffffff }),
  stack: text,
});

test("a failure survives the wire with all its fields", () => {
  fc.assert(
    fc.property(failures, (own) => {
      expect(decodeFailure(encodeFailure(own))).toEqual(own);
      expect(ErrorMessage.decode(encodeFailure(own))).toEqual(toErrorMessage(own));
    }),
  );
});

test("a failure that a peer made too long is cut", () => {
  const endless = "x".repeat(3_000_000);
  const own = { ...failure("HANDLER_FAILED"), text: endless, appCode: endless, stack: endless };
  const { text: told, appCode, stack } = decodeFailure(encodeFailure(own));
  expect([told.length, appCode.length, stack.length]).toEqual([8_193, 8_193, 32_769]);
});

test("empty details are none", () => {
  const own = failure("APPLICATION", "no", { details: Buffer.alloc(0) });
  expect(decodeFailure(encodeFailure(own)).details).toBeUndefined();
});

test("a code of a later version reads as INTERNAL, and an outcome of one as unknown", () => {
  const later = { ...toErrorMessage(failure("CLOSED")), code: 999 as ErrorMessage["code"] };
  expect(fromErrorMessage(later).code).toBe("INTERNAL");
  const outcome = 9 as ErrorMessage["outcome"];
  expect(fromErrorMessage({ ...later, outcome }).outcome).toBe("unknown");
});

test("an outcome that is not told is that of the table", () => {
  for (const code of CODES) {
    const silent = { ...toErrorMessage(failure(code)), outcome: WireOutcome.UNSPECIFIED };
    expect(fromErrorMessage(silent).outcome).toBe(failure(code).outcome);
  }
});

test("a failure without a code is one of the agent: its own where it has a code of its own", () => {
  const read = (fields: Partial<ErrorMessage>) => fromErrorMessage({ ...NOTHING, ...fields });
  expect(read({ text: "oh" })).toEqual(failure("HANDLER_FAILED", "oh"));
  const own = failure("APPLICATION", "no weight", { appCode: "WEIGHTLESS" });
  expect(read({ text: "no weight", appCode: "WEIGHTLESS" })).toEqual(own);
});
