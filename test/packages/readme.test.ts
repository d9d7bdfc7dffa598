/** What the READMEs show is what happens: their programs are compiled and run against a real host, their commands started. */
import { copyFile, readFile } from "node:fs/promises";
import { connectAdmin } from "@agentmesh/worker-sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCertificates } from "../support/certificates.ts";
import { startHostProcess } from "../support/processes.ts";
import { eventually } from "../support/waiting.ts";
import {
  fragmentsOf,
  type Program,
  programsOf,
  type ShellLine,
  shellLinesOf,
} from "./code-blocks.ts";
import { Project, STRICT } from "./project.ts";

/** Milliseconds of real time for npm and the compiler on a busy machine. */
const TOOLS_MS = 180_000;
/** Milliseconds of real time for a process to start. */
const START_MS = 20_000;
const ROOT = new URL("../../", import.meta.url);
const NPM_COMMANDS = new Set(["init", "install", "pkg"]);
/** An address where nobody listens, and the exit code that says so. */
const NOBODY = "127.0.0.1:1";
const NO_HOST = 5;
/** The port that the documents name; here it is a free one. */
const PORT = /:50051\b/;

const documents = await Promise.all(
  ["README.md", "host/README.md", "worker-sdk/README.md"].map(async (path) => {
    const text = await readFile(new URL(path, ROOT), "utf8");
    const folder = path.replaceAll(/\W/g, "-");
    return {
      path,
      folder,
      fragments: fragmentsOf(text),
      programs: programsOf(text),
      commands: shellLinesOf(text),
    };
  }),
);
const scripts: Readonly<Record<string, string>> = JSON.parse(
  await readFile(new URL("package.json", ROOT), "utf8"),
).scripts;

let project: Project;
beforeAll(async () => {
  project = await Project.empty(["typescript", "@types/node", "zod"]);
  for (const { folder, programs } of documents) {
    for (const { file, text } of programs) await project.write(`${folder}/${file}`, text);
  }
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions: STRICT }));
  await project.run(["npx", "tsc"]);
}, TOOLS_MS);
afterAll(() => project.remove());

test("documents have programs, and the first one has nothing else", () => {
  for (const { programs } of documents) expect(programs.length).toBeGreaterThan(0);
  expect(documents[0]?.fragments).toEqual([]);
});

describe.each(documents)("$path", ({ folder, programs, commands }) => {
  test("its programs do what they say", { timeout: TOOLS_MS }, async () => {
    const { address } = await startMesh(folder, programs);
    for (const { file, prints } of roles(programs).callers) {
      const lines = await project.run(["node", await compiled(`${folder}/${file}`, address)]);
      if (prints.length > 0) expect(lines, file).toEqual(prints);
      else expect(lines.join(), file).not.toBe("");
    }
  });

  test.each(commands.filter(isForHost))("$command", { timeout: TOOLS_MS }, async (line) => {
    await runHost(line);
  });

  test("its commands find the mesh that its programs make", { timeout: TOOLS_MS }, async () => {
    const { address } = await startMesh(folder, programs);
    const files = programs.map(({ file }) => file);
    await writeNamedFiles();
    for (const { command } of commands.filter((line) => !isForHost(line))) {
      if (isForNpm(command)) expect(npmScript(command), command).toBeTruthy();
      else if (command.startsWith("npx tsx ")) expect(files).toContain(command.slice(8));
      else await runAtMesh(command.replace(/^npx /, ""), address);
    }
  });
});

/** Starts a host, and those of the programs that stay. */
async function startMesh(folder: string, programs: readonly Program[]) {
  const host = await startHostProcess();
  const { servers } = roles(programs);
  for (const { file } of servers) {
    project.start(["node", await compiled(`${folder}/${file}`, host.address)]);
  }
  await workersAreReady(host.address, servers.length);
  return host;
}

/** The module that a program was compiled to, once it knows where the host really is. */
async function compiled(program: string, address: string): Promise<string> {
  const module = program.replace(/ts$/, "js");
  const text = await readFile(project.at(module), "utf8");
  await project.write(module, text.replaceAll(/127\.0\.0\.1:[1-9]\d*/g, address));
  return module;
}

/** Which programs stay and serve, and which end by themselves. What others import is neither. */
function roles(programs: readonly Program[]) {
  const imports = programs.flatMap(({ text }) => [...text.matchAll(/from "\.\/(.+)"/g)]);
  const imported = new Set(imports.map(([, file]) => file));
  const run = programs.filter(({ file }) => !imported.has(file));
  const stays = ({ text }: Program): boolean => /^const \w+ = await connectWorker/m.test(text);
  return { servers: run.filter(stays), callers: run.filter((program) => !stays(program)) };
}

async function workersAreReady(host: string, count: number): Promise<void> {
  await using admin = await connectAdmin({ host });
  await eventually(
    () => admin.workers(),
    (workers) => workers.filter(({ agentTypes }) => agentTypes.length > 0).length === count,
    `${count} workers with agents`,
    START_MS,
  );
}

/** Whether npm runs it, here or in this repository as seen from elsewhere. */
function isForNpm(command: string): boolean {
  return /^(\(cd \S+ && )?npm /.test(command);
}

/** What an npm command runs in this repository, or that it is one of npm's own. */
function npmScript(command: string): string | true | undefined {
  const [, first = "", second = ""] = /\bnpm (\S+) ?([\w-]*)/.exec(command) ?? [];
  return NPM_COMMANDS.has(first) || scripts[first === "run" ? second : first];
}

function isForHost({ command }: ShellLine): boolean {
  return /^(npx )?agentmesh host\b/.test(command);
}

/** Starts a host as a document says, with the files that it names, but on a free port. */
async function runHost({ command, comment }: ShellLine): Promise<void> {
  const args = command.replace(/^(npx )?agentmesh /, "").split(" ");
  const agentmesh = ["npx", "agentmesh"] as const;
  if (args.includes("--help")) {
    expect((await project.run([...agentmesh, ...args])).length).toBeGreaterThan(1);
    return;
  }
  await writeNamedFiles();
  const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:50051"];
  const anyPort = [...args, ...listen].map((arg) => arg.replace(PORT, ":0"));
  const host = project.start([...agentmesh, ...anyPort]);
  const isReady = (line: string): boolean => line.startsWith("agentmesh host ready on ");
  const ready = await host.out.first(isReady, "the host", { limitMs: START_MS });
  if (comment !== "") expect(ready).toBe(comment.replace(PORT, `:${/:(\d+)/.exec(ready)?.[1]}`));
}

/** Runs a command at the mesh; one that would not end, write elsewhere or ask elsewhere, where there is none. */
async function runAtMesh(command: string, address: string): Promise<void> {
  const isElsewhere = /^agentmesh (tail|doctor|backup)\b/.test(command);
  const line = command.replace("mesh.example:50051", NOBODY);
  const env = { AGENTMESH_ADDRESS: isElsewhere ? NOBODY : address };
  const running = project.start(["sh", "-c", `npx ${line}`], env);
  const { code } = await running.finished(START_MS);
  expect(code, `${command}${running.lastWords}`).toBe(isElsewhere ? NO_HOST : 0);
}

/** The files that documents name. */
async function writeNamedFiles(): Promise<void> {
  const certificates = writeCertificates();
  await copyFile(certificates.hostCert, project.at("host.pem"));
  await copyFile(certificates.hostKey, project.at("host.key"));
  certificates.remove();
  await project.write("token", "s3cret\n");
  await project.write("headline.json", '{"text":"a draw"}');
}
