import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listFiles } from "./files.ts";

let folder = "";

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "review-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("listFiles", () => {
  it("lists text files sorted, and says what it leaves out", async () => {
    await put("b.ts", "b");
    await put("a/z.ts", "z");
    await put("a-b.ts", "a");
    await put(".env", "c");
    await put("node_modules/x/index.js", "x");
    await put("sub/dist/x.js", "x");
    await put(".git/config", "x");
    await put("picture.png", Buffer.from([137, 0, 1]));
    await put("large.json", "x".repeat(256 * 1024 + 1));
    await symlink(join(folder, "b.ts"), join(folder, "link.ts"));
    expect(await listFiles(folder)).toEqual({
      folder,
      paths: [".env", "a-b.ts", "a/z.ts", "b.ts"],
      leftOut: new Map([
        ["larger than 256 KiB", 1],
        ["binary", 1],
      ]),
      isCut: false,
    });
  });

  it("complains about a folder that is missing, a file, or empty", async () => {
    await expect(listFiles(join(folder, "nowhere"))).rejects.toThrow("there is no folder");
    await expect(listFiles(folder)).rejects.toThrow("holds no text file");
    await put("a.ts", "a");
    await expect(listFiles(join(folder, "a.ts"))).rejects.toThrow("is a file");
  });

  it("leaves out what has too long a path for the key of an agent", async () => {
    const long = Array.from({ length: 6 }, () => "x".repeat(100)).join("/");
    await put(`${long}/a.ts`, "a");
    await put("b.ts", "b");
    const { paths, leftOut } = await listFiles(folder);
    expect(paths).toEqual(["b.ts"]);
    expect(leftOut).toEqual(new Map([["path too long", 1]]));
  });
});
