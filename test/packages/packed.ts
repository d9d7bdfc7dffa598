/** The three packages as a registry would have them: packed once for all tests of this project. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const PACK = fileURLToPath(new URL("../../.scripts/pack.mjs", import.meta.url));

/** One tarball. */
export interface Packed {
  /** Name of the package. */
  readonly name: string;
  readonly version: string;
  /** Absolute path of the tarball. */
  readonly tarball: string;
  readonly integrity: string;
  /** Paths inside the package. */
  readonly files: readonly string[];
}

declare module "vitest" {
  interface ProvidedContext {
    packed: readonly Packed[];
  }
}

interface PackReport {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string }[];
}

let folder = "";

/** Packs, before the first test and after the sources were compiled. */
export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(path.join(tmpdir(), "agentmesh-packed-"));
  const env = { ...process.env, AGENTMESH_BUILT: "1" };
  await promisify(execFile)(process.execPath, [PACK, folder], { env });
  const reports: PackReport[] = JSON.parse(
    await readFile(path.join(folder, "packages.json"), "utf8"),
  );
  const packed = reports.map(({ name, version, filename, integrity, files }) => ({
    name,
    version,
    tarball: path.join(folder, filename),
    integrity,
    files: files.map((file) => file.path),
  }));
  project.provide("packed", packed);
}

export async function teardown(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
