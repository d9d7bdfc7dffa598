import { describe, expect, it } from "vitest";
import { lockedPackages, lockfileProblems } from "./lockfile.mjs";
import { inRoot } from "./process.mjs";

/** The lockfile of this repository, to be spoilt. */
const ours = () => lockedPackages(inRoot("package-lock.json"));

describe("lockfileProblems", () => {
  it("has nothing against the lockfile of this repository", () => {
    expect(lockfileProblems(ours())).toEqual([]);
  });

  it.each(["node_modules/@biomejs/cli-", "node_modules/@bufbuild/buf-"])(
    "misses every platform's package below %s",
    (prefix) => {
      const places = Object.keys(ours()).filter((place) => place.startsWith(prefix));
      expect(places.length).toBeGreaterThan(5);
      for (const place of places) {
        const packages = ours();
        delete packages[place];
        const name = place.slice("node_modules/".length);
        expect(lockfileProblems(packages)).toEqual([
          expect.stringContaining(`optional dependency ${name} is not in the lockfile`),
        ]);
      }
    },
  );

  it("refuses addresses, missing checksums and versions that are not pinned", () => {
    const problems = lockfileProblems({
      "": { devDependencies: { a: "^1.0.0", b: "2.0.0-rc.1" } },
      "node_modules/a": { resolved: "https://registry.example/a.tgz", integrity: "sha512-a" },
      "node_modules/b": {},
      "node_modules/c": { link: true, resolved: "c" },
    });
    expect(problems).toEqual([
      "the root: a is not pinned: ^1.0.0",
      "node_modules/a: resolved names an address: https://registry.example/a.tgz",
      "node_modules/b: no integrity",
    ]);
  });

  it("finds an optional dependency beside the package that asks for it, or above", () => {
    const nested = "node_modules/a/node_modules/b";
    const locked = { integrity: "sha512-x" };
    const asking = { ...locked, optionalDependencies: { b: "1.0.0" } };
    expect(lockfileProblems({ "node_modules/a": asking, [nested]: locked })).toEqual([]);
    expect(lockfileProblems({ "node_modules/a": asking, "node_modules/b": locked })).toEqual([]);
    expect(lockfileProblems({ "node_modules/a": asking, "node_modules/c": locked })).toHaveLength(
      1,
    );
  });
});
