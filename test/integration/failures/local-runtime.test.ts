/** What becomes of a program that has nothing but a local runtime. */
import { expect, test } from "vitest";
import { startModule } from "../../support/processes.ts";

const PROGRAM = new URL("../../dist/integration/failures/programs/alone.js", import.meta.url);

test("a send settles in a process that waits for nothing else, which then ends by itself", async () => {
  const program = startModule("a program alone", PROGRAM, []);
  const end = await program.ended;
  expect(program.out.entries).toEqual(["DEADLINE_EXCEEDED", "[ 'TURN_ABANDONED' ]"]);
  expect(end, program.lastWords).toEqual({ code: 0, signal: null });
});
