/** Messages for tests. The check of their shape is no part of what these tests are about. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { defineMessage, stream } from "../messages/define-message.ts";

/** Takes objects with a number `n`. */
function numbered(): StandardSchemaV1<{ n: number }, { n: number }> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        isNumbered(value) ? { value } : { issues: [{ message: "n is no number" }] },
    },
  };
}

function isNumbered(value: unknown): value is { n: number } {
  return typeof value === "object" && value !== null && "n" in value && typeof value.n === "number";
}

export const Count = defineMessage("test.Count", numbered());
/** Answered by one `Count`. */
export const Ask = defineMessage("test.Ask", numbered(), { reply: Count });
/** Answered by nothing. */
export const Note = defineMessage("test.Note", numbered());
/** Answered by a stream of `Count`. */
export const Tell = defineMessage("test.Tell", numbered(), { reply: stream(Count) });
