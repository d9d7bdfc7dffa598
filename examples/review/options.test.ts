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
      workers: 2,
      verdictsFile: undefined,
    });
  });

  it("takes a folder and flags in any order", () => {
    expect(readOptions(["--exit", "src", "--verdicts", "v.json", "--local"], "/default")).toEqual({
      folder: resolve("src"),
      exit: true,
      local: true,
      workers: 2,
      verdictsFile: resolve("v.json"),
    });
  });

  it("takes a number of workers", () => {
    expect(readOptions(["--workers", "5"], "/default").workers).toBe(5);
  });

  it.each([
    ["--exti"],
    ["a", "b"],
    ["--verdicts"],
    ["--verdicts", "--exit"],
    ["--workers"],
    ["--workers", "0"],
    ["--workers", "65"],
    ["--workers", "two"],
    ["--workers", "2", "--local"],
  ])("refuses %s %s in one line that names it", (...args) => {
    const { message, exitCode } = complaint(...args);
    expect(message).not.toContain("\n");
    expect(message).toContain(args[0]);
    expect(exitCode).toBe(2);
  });
});
