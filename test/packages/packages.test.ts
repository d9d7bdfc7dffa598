/** The packages as their users meet them: installed from tarballs into an empty project, outside of this workspace. */
import { readFile } from "node:fs/promises";
import { publint } from "publint";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { contentProblems, doorsOf, mapProblems } from "./contents.ts";
import { Project, STRICT } from "./project.ts";

/** Milliseconds of real time for npm, or for several runs of the compiler, on a busy machine. */
const TOOLS_MS = 180_000;
const LONG = { timeout: TOOLS_MS };
const PROGRAM = new URL("programs/ask.ts", import.meta.url);

const packages = inject("packed");
const doors = (): string[] => packages.flatMap(({ name }) => doorsOf(installed(name), name));
let project: Project;

beforeAll(async () => {
  project = await Project.empty(["typescript", "@types/node", "zod"]);
  const reexports = doors().map((door, at) => `export * as door${at} from "${door}";`);
  await project.write("doors.ts", reexports.join("\n"));
  // CommonJS reaches the packages by import(), as it does every ECMAScript module.
  const imports = doors().map((door) => `import("${door}")`);
  await project.write("require.cts", `void [${imports.join(", ")}];\n`);
  await project.write("ask.ts", await readFile(PROGRAM, "utf8"));
  const compilerOptions = { ...STRICT, skipLibCheck: false };
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions }));
  await project.run(["npx", "tsc"]);
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

test("a strict project that was compiled against every door loads it", LONG, async () => {
  expect(doors()).toContain("@agentmesh/worker-sdk");
  const count = 'import("./doors.js").then((m) => console.log(Object.keys(m).length))';
  expect(await project.run(["node", "--eval", count])).toEqual([`${doors().length}`]);
});

test("a project with a bundler compiles against every door", LONG, async () => {
  const compilerOptions = { ...STRICT, module: "esnext", moduleResolution: "bundler" };
  const config = { compilerOptions: { ...compilerOptions, noEmit: true }, files: ["doors.ts"] };
  await project.write("bundler.json", JSON.stringify(config));
  await project.run(["npx", "tsc", "-p", "bundler.json"]);
});

test("npx agentmesh host serves a program of the project", LONG, async () => {
  const host = project.start(["npx", "agentmesh", "host", "--listen", "127.0.0.1:0"]);
  const isReady = (line: string): boolean => line.startsWith("agentmesh host ready on ");
  const ready = await host.out.first(isReady, "the host", { limitMs: TOOLS_MS });
  const address = ready.split(" ").at(-1) ?? "";
  expect(await project.run(["node", "ask.js", address])).toEqual(["why?"]);
  host.signal("SIGTERM");
  await host.ended;
});
