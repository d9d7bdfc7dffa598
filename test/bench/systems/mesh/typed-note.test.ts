import { expect, test } from "vitest";
import { PAYLOAD_BYTES } from "../../scenario.ts";
import { Note, typedPayload } from "./typed-note.ts";

test("the typed message is valid and as long in JSON as the ready-made payload", () => {
  const note = typedPayload();
  expect(Note.parse(note)).toEqual(note);
  expect(Buffer.byteLength(JSON.stringify(note))).toBe(PAYLOAD_BYTES);
});
