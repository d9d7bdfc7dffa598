/** The packages as their users meet them: installed from tarballs into an empty project, outside of this workspace. */
import { readFile } from "node:fs/promises";
import { publint } from "publint";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { contentProblems, doorsOf, mapProblems } from "./contents.ts";
import { Project, STRICT } from "./project.ts";

/** Milliseconds of real time for npm, or for several runs of the compiler, on a busy machine. */
const TOOLS_MS = 180_000;
const PROGRAM = new URL("programs/ask.ts", import.meta.url);

const packages = inject("packed");
let project: Project;

beforeAll(async () => {
  project = await Project.empty(["typescript", "@types/node", "zod"]);
}, TOOLS_MS);
afterAll(() => project.remove());

const installed = (name: string): string => project.at("node_modules", name);

test.each(packages)("$name holds what its doors lead to, and nothing else", ({ name, files }) => {
  expect(contentProblems(installed(name), files)).toEqual([]);
  expect(mapProblems(installed(name), files)).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
});

test.each(packages)("$name is in order for publint", async ({ tarball }) => {
  const { buffer } = await readFile(tarball);
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
  expect(messages).toEqual([]);
});

test("a strict project compiles against every door and loads it", {
  timeout: TOOLS_MS,
}, async () => {
  const doors = packages.flatMap(({ name }) => doorsOf(installed(name), name));
  expect(doors).toContain("@agentmesh/worker-sdk");
  const lines = doors.map((door, at) => `export * as door${at} from "${door}";`);
  await project.write("doors/doors.mts", lines.join("\n"));
  // CommonJS reaches the packages by import(), as it does every ECMAScript module.
  const imports = doors.map((door) => `import("${door}")`);
  await project.write("doors/require.cts", `void [${imports.join(", ")}];\n`);
  const nodenext = { ...STRICT, skipLibCheck: false, rootDir: ".", outDir: "out" };
  const bundler = { ...STRICT, module: "esnext", moduleResolution: "bundler", noEmit: true };
  await project.write("doors/tsconfig.json", JSON.stringify({ compilerOptions: nodenext }));
  await project.write(
    "doors/bundler.json",
    JSON.stringify({ compilerOptions: bundler, include: ["doors.mts"] }),
  );
  await project.run(["npx", "tsc", "-p", "doors"]);
  await project.run(["npx", "tsc", "-p", "doors/bundler.json"]);
  const count = 'import("./doors/out/doors.mjs").then((m) => console.log(Object.keys(m).length))';
  expect(await project.run(["node", "--eval", count])).toEqual([`${doors.length}`]);
});

test("npx agentmesh host serves a program of the project", { timeout: TOOLS_MS }, async () => {
  await project.write("ask.ts", await readFile(PROGRAM, "utf8"));
  await project.write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: STRICT, include: ["ask.ts"] }),
  );
  await project.run(["npx", "tsc"]);
  const host = project.start(["npx", "agentmesh", "host", "--listen", "127.0.0.1:0"]);
  const isReady = (line: string): boolean => line.startsWith("agentmesh host ready on ");
  const ready = await host.out.first(isReady, "the host", { limitMs: TOOLS_MS });
  const address = ready.split(" ").at(-1) ?? "";
  expect(await project.run(["node", "ask.js", address])).toEqual(["why?"]);
  host.signal("SIGTERM");
  await host.ended;
});
