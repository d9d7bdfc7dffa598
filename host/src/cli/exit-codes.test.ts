import { ERROR_TABLE } from "@agentmesh/proto";
import { expect, test } from "vitest";
import { EXIT, EXIT_OF, EXIT_TEXTS, exitCodesHelp } from "./exit-codes.ts";

test("every code has a text and stands in the help, in their order", () => {
  expect(Object.keys(EXIT_TEXTS)).toEqual(Object.keys(EXIT));
  expect(Object.values(EXIT)).toEqual(Object.values(EXIT).map((_, index) => index));
  for (const [name, code] of Object.entries(EXIT))
    expect(exitCodesHelp()).toContain(`  ${code}  ${EXIT_TEXTS[name as keyof typeof EXIT]}`);
});

test("every failure of the mesh has one, and what is safe to repeat is none of a handler", () => {
  expect(Object.keys(EXIT_OF).sort()).toEqual(Object.keys(ERROR_TABLE).sort());
  for (const [code, entry] of Object.entries(ERROR_TABLE)) {
    if (entry.outcome === "executed")
      expect(EXIT_OF[code as keyof typeof EXIT_OF]).toBe("rejected");
  }
});
