import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeContent } from "./content.ts";
import { contentProblem } from "./content-check.ts";

const content = fc.record({
  messageType: fc.string({ unit: "grapheme", maxLength: 60 }),
  contentType: fc.constantFrom("", "application/x-protobuf"),
  data: fc.uint8Array({ maxLength: 200 }),
  traceparent: fc.string({ maxLength: 60 }),
  tracestate: fc.string({ maxLength: 20 }),
  metadata: fc.option(fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ unit: "grapheme" })), {
    nil: undefined,
  }),
  messageId: fc.string({ maxLength: 20 }),
});

describe("the outside of a content", () => {
  test("has no problem when it was encoded, whatever the payload", () => {
    fc.assert(
      fc.property(content, (given) => {
        expect(contentProblem(encodeContent(given))).toBeUndefined();
      }),
    );
  });

  test.each([
    ["a message type that is not UTF-8", [0x0a, 0x02, 0xff, 0xfe]],
    ["a metadata value that is not UTF-8", [0x32, 0x05, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x80]],
    ["a length past the end", [0x1a, 0x05, 0x00]],
    ["a group", [0x0b, 0x0c]],
  ])("%s is told", (_what, bytes) => {
    expect(contentProblem(Uint8Array.from(bytes))).toMatch(/^malformed bytes/);
  });

  test("bytes that are no UTF-8 are nobody's business in the payload and in unknown fields", () => {
    expect(contentProblem(Uint8Array.from([0x1a, 0x01, 0xff, 0x7a, 0x01, 0xff]))).toBeUndefined();
  });

  test("no bytes make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const problem = contentProblem(bytes);
        expect(problem === undefined || problem.startsWith("malformed bytes")).toBe(true);
      }),
    );
  });
});
