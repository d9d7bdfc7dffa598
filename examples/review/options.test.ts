import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Complaint } from "./complaint.ts";
import { readOptions } from "./options.ts";

function complaint(...args: string[]): Complaint {
  try {
    readOptions(args, "/default");
  } catch (error) {
    if (error instanceof Complaint) return error;
  }
  throw new Error("there was no complaint");
}

describe("readOptions", () => {
  it("takes the default folder and serves until interrupted", () => {
    expect(readOptions([], "/default")).toEqual({
      folder: resolve("/default"),
      exit: false,
      local: false,
      verdictsFile: undefined,
    });
  });

  it("takes a folder and flags in any order", () => {
    expect(readOptions(["--exit", "src", "--verdicts", "v.json", "--local"], "/default")).toEqual({
      folder: resolve("src"),
      exit: true,
      local: true,
      verdictsFile: resolve("v.json"),
    });
  });

  it("refuses in one line what it does not understand", () => {
    for (const args of [["--exti"], ["a", "b"], ["--verdicts"], ["--verdicts", "--exit"]]) {
      const { message, exitCode } = complaint(...args);
      expect(message).not.toContain("\n");
      expect(exitCode).toBe(2);
    }
    expect(complaint("--exti").message).toContain("--exti");
  });
});
