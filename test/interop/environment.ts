/**
 * What workers in Python and Go need, made ready once and kept in `.cache` until one of its sources changes: generated
 * stubs, a virtual environment, a program.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A program with its arguments. */
export type Command = readonly [file: string, ...args: string[]];

/** A worker that can be started, or why it cannot. */
export type Environment =
  | { readonly kind: "ready"; readonly command: Command }
  | { readonly kind: "missing"; readonly reason: string };

/** The top of the repository, whether this module runs from the sources or compiled. */
export const ROOT = fileURLToPath(
  new URL("../..", import.meta.url.replace("/test/dist/", "/test/")),
);
const CACHE = path.join(ROOT, ".cache");
const PROTO_FOLDERS = ["proto", path.join("examples", "proto")];
/** The parts of the protocol that a worker speaks. */
const WORKER_PROTOS = [
  "call",
  "client",
  "content",
  "directory",
  "error",
  "gateway",
  "identity",
  "publish",
];
const LEAST_PYTHON = "3.10";

/** The worker of examples/python-worker, in a virtual environment of its own. */
export async function preparePython(): Promise<Environment> {
  const folder = path.join(ROOT, "examples", "python-worker");
  const requirements = path.join(folder, "requirements.txt");
  const environment = path.join(CACHE, "python-worker");
  const python = pythonOf(environment);
  const command: Command = [python, path.join(folder, "worker.py")];
  return once(environment, [requirements], command, async () => {
    await createEnvironment(environment, requirements);
    await generatePython(python, path.join(folder, "gen"));
  });
}

/** A Python that has AutoGen. */
export async function prepareAutoGen(): Promise<Environment> {
  const requirements = path.join(ROOT, "test", "interop", "python", "requirements.txt");
  const environment = path.join(CACHE, "autogen");
  return once(environment, [requirements], [pythonOf(environment)], () =>
    createEnvironment(environment, requirements),
  );
}

function pythonOf(environment: string): string {
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  return path.join(environment, ...inside);
}

async function createEnvironment(environment: string, requirements: string): Promise<void> {
  const isRecent = `import sys; sys.exit(sys.version_info < (${LEAST_PYTHON.replace(".", ", ")}))`;
  await run(`Python ${LEAST_PYTHON} or later`, ["python3", "-c", isRecent]);
  await run("python3 -m venv", ["python3", "-m", "venv", environment]);
  const install = ["install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  await run("pip install", [pythonOf(environment), "-m", "pip", ...install]);
}

async function generatePython(python: string, target: string): Promise<void> {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const files = [
    ...WORKER_PROTOS.map((name) => `proto/agentmesh/v1/${name}.proto`),
    "examples/proto/courier/v1/parcel.proto",
  ];
  const options = [
    ...PROTO_FOLDERS.map((folder) => `-I${folder}`),
    `--python_out=${target}`,
    `--grpc_python_out=${target}`,
  ];
  await run("grpc_tools.protoc", [python, "-m", "grpc_tools.protoc", ...options, ...files]);
}

/** The worker of examples/go-worker, compiled. */
export async function prepareGo(): Promise<Environment> {
  const folder = path.join(ROOT, "examples", "go-worker");
  const target = path.join(CACHE, "go-worker");
  const program = path.join(target, process.platform === "win32" ? "worker.exe" : "worker");
  const sources = ["main.go", "go.mod", "go.sum", "buf.gen.yaml"];
  const files = sources.map((name) => path.join(folder, name));
  return once(target, files, [program], async () => {
    await run("Go 1.24 or later", ["go", "version"]);
    const buf = path.join(ROOT, "node_modules", "@bufbuild", "buf", "bin", "buf");
    await run("buf generate", [process.execPath, buf, "generate"], folder);
    await run("go build", ["go", "build", "-o", program, "."], folder);
  });
}

/**
 * Makes something ready unless that was done with the same sources; what was begun and not finished is done again.
 * @param folder keeps the mark that it was done
 */
async function once(
  folder: string,
  sources: readonly string[],
  command: Command,
  make: () => Promise<void>,
): Promise<Environment> {
  const mark = path.join(folder, "sources.sha256");
  const wanted = digestOf([...sources, ...protoFiles()]);
  const isThere = existsSync(mark) && readFileSync(mark, "utf8") === wanted;
  try {
    if (!isThere) {
      mkdirSync(folder, { recursive: true });
      await make();
      writeFileSync(mark, wanted);
    }
    return { kind: "ready", command };
  } catch (error) {
    return { kind: "missing", reason: error instanceof Error ? error.message : String(error) };
  }
}

function protoFiles(): string[] {
  return PROTO_FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".proto"))
      .sort()
      .map((file) => path.join(ROOT, folder, file)),
  );
}

function digestOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

async function run(what: string, command: readonly string[], cwd = ROOT): Promise<void> {
  const [file = "", ...args] = command;
  try {
    await promisify(execFile)(file, args, { cwd });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new Error(`${what} failed: ${output || error}`);
  }
}
