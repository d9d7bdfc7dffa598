/** A project of somebody else: a folder outside of this workspace in which the packages are installed from their tarballs. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inject } from "vitest";
import { startCommand, type TestProcess } from "../support/processes.ts";
import { lockfileFor, type Manifest, overridesHere, versionHere } from "./lockfile.ts";

/** Milliseconds of real time for npm or the compiler on a busy machine. */
const TOOL_MS = 120_000;

/** What `tsc --init` of a careful user asks for. */
export const STRICT = {
  target: "es2022",
  // That of browsers is large, and nothing here runs in one.
  lib: ["es2022"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  skipLibCheck: true,
  types: ["node"],
} as const;

type Command = readonly [file: string, ...args: string[]];
type Environment = Readonly<Record<string, string>>;

export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** An empty project that depends on the three packages, and on others in the versions that this workspace has. */
  static async empty(others: readonly string[]): Promise<Project> {
    const project = await Project.#inNewFolder();
    const own = inject("packed").map(({ name, version }) => [name, version]);
    const more = others.map((name) => [name, versionHere(name)]);
    const dependencies = Object.fromEntries([...own, ...more]);
    const manifest = {
      name: "empty",
      version: "0.0.0",
      private: true,
      type: "module",
      dependencies,
    };
    await project.write("package.json", JSON.stringify(manifest));
    await project.#install();
    return project;
  }

  /** A copy of a folder that has a package.json of its own. */
  static async copyOf(folder: string): Promise<Project> {
    const project = await Project.#inNewFolder();
    await cp(folder, project.folder, {
      recursive: true,
      filter: (source) => !/[/\\](node_modules|dist)$/.test(source),
    });
    await project.#install();
    return project;
  }

  static async #inNewFolder(): Promise<Project> {
    return new Project(await mkdtemp(path.join(tmpdir(), "agentmesh-project-")));
  }

  /** Path of something inside the project. */
  at(...relative: readonly string[]): string {
    return path.join(this.folder, ...relative);
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(this.at(file)), { recursive: true });
    await writeFile(this.at(file), text);
  }

  /** Starts a command in the project's folder. */
  start(command: Command, env: Environment = {}): TestProcess {
    return startCommand(command, { cwd: this.folder, env: { ...userEnvironment(), ...env } });
  }

  /** Runs a command to its end. @returns the lines that it wrote to stdout. @throws when it fails. */
  async run([file, ...args]: Command, env: Environment = {}): Promise<readonly string[]> {
    const all = { ...userEnvironment(), ...env };
    const options = { cwd: this.folder, env: all, timeout: TOOL_MS };
    const out = await new Promise<string>((resolve, reject) => {
      execFile(file, args, options, (failure, stdout, stderr) => {
        if (failure === null) resolve(stdout);
        else reject(new Error(`${[file, ...args].join(" ")} failed:\n${stdout}${stderr}`));
      });
    });
    return out.trimEnd().split("\n");
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #install(): Promise<void> {
    const own: Manifest = JSON.parse(await readFile(this.at("package.json"), "utf8"));
    const manifest = { ...own, overrides: overridesHere() };
    const lockfile = lockfileFor(manifest, inject("packed"));
    await this.write("package.json", JSON.stringify(manifest));
    await this.write("package-lock.json", JSON.stringify(lockfile));
    try {
      await this.run([
        "npm",
        "ci",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
      ]);
    } catch (failure) {
      await this.remove();
      throw failure;
    }
  }
}

/** That of whoever runs the tests, who may reach a registry, without what npm says about this workspace. */
function userEnvironment(): NodeJS.ProcessEnv {
  const isAboutHere = /^(npm_(package|lifecycle)_|npm_config_local_prefix$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !isAboutHere.test(name)),
  );
}
