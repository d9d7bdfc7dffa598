import { describe, expect, it } from "vitest";
import { diagnostics, isInstalled, isRecent } from "./setup.mjs";

describe("isRecent", () => {
  it.each(["20.19.0", "20.20.1", "22.0.0", "100.1.0"])("takes Node %s", (version) => {
    expect(isRecent(version)).toBe(true);
  });

  it.each(["20.18.3", "18.20.0", "9.99.0"])("refuses Node %s", (version) => {
    expect(isRecent(version)).toBe(false);
  });
});

describe("isInstalled", () => {
  const a = { version: "1.0.0", integrity: "sha512-a" };
  const wanted = { "": { version: "0.1.0" }, "node_modules/a": a };

  it("is content when everything is there, and with more than that", () => {
    expect(isInstalled(wanted, { "node_modules/a": a })).toBe(true);
    expect(isInstalled(wanted, { "node_modules/a": a, "node_modules/b": a })).toBe(true);
  });

  it("sees what is missing, of another version, or of other content", () => {
    expect(isInstalled(wanted, {})).toBe(false);
    expect(isInstalled(wanted, { "node_modules/a": { ...a, version: "1.0.1" } })).toBe(false);
    expect(isInstalled(wanted, { "node_modules/a": { ...a, integrity: "sha512-b" } })).toBe(false);
  });

  it("does not miss a package for another platform, but sees a wrong one for this", () => {
    const optional = { ...wanted, "node_modules/b": { ...a, optional: true } };
    expect(isInstalled(optional, { "node_modules/a": a })).toBe(true);
    const old = { ...a, version: "0.9.0" };
    expect(isInstalled(optional, { "node_modules/a": a, "node_modules/b": old })).toBe(false);
  });

  it("takes a workspace for installed when its link is there", () => {
    const linked = { "node_modules/@agentmesh/host": { link: true } };
    expect(isInstalled(linked, linked)).toBe(true);
    expect(isInstalled(linked, {})).toBe(false);
  });
});

describe("diagnostics", () => {
  it("keeps what the compiler has against a source, and nothing else", () => {
    const output = [
      "10:02:11 AM - Projects in this build: ",
      "    * host/tsconfig.json",
      "",
      "",
      "host/src/a.ts(1,7): error TS2322: no.",
      "",
    ].join("\r\n");
    expect(diagnostics(output)).toBe("host/src/a.ts(1,7): error TS2322: no.");
  });
});
