import { describe, expect, it } from "vitest";
import { painterFor, printable } from "./paint.ts";

const ESCAPE = "\u001b";

describe("painterFor", () => {
  it("paints on terminals only, and not where NO_COLOR is set", () => {
    const write = () => undefined;
    expect(painterFor({ write, isTTY: true }, {})("red", "x")).toBe(`${ESCAPE}[31mx${ESCAPE}[0m`);
    expect(painterFor({ write, isTTY: true }, { NO_COLOR: "" })("red", "x")).toContain(ESCAPE);
    expect(painterFor({ write, isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
    expect(painterFor({ write, isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
    expect(painterFor({ write }, {})("red", "x")).toBe("x");
  });

  it("takes the power of steering the terminal from file names", () => {
    expect(printable(`a${ESCAPE}[2Jb\n\u202ec`)).toBe("a·[2Jb··c");
  });
});
