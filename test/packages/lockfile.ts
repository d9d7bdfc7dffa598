/**
 * The lockfile of a project outside of this workspace: the three packages from their tarballs, everything that they and
 * the project depend on in the versions of the workspace's own lockfile. So an install needs no registry as long as
 * npm's cache holds what `npm ci` has put there, and a release of somebody else's package changes no test.
 */
import { readFileSync } from "node:fs";
import type { Packed } from "./packed.ts";

/** What the lockfile and a package.json say of a package. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Locked extends Manifest {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

type Places = Readonly<Record<string, Locked>>;

const ROOT = new URL("../../", import.meta.url);

/** The lockfile for a project with this package.json. */
export function lockfileFor(project: Manifest, packed: readonly Packed[]): object {
  const known = { ...workspacePlaces(), ...packedPlaces(packed) };
  const packages: Record<string, Locked> = { "": project };
  const follow = (from: string, entry: Locked): void => {
    for (const name of dependenciesOf(from, entry)) {
      const place = placesFrom(from, name).find((candidate) => candidate in known) ?? "";
      const found = known[place] ?? missing(from, entry, name);
      if (found === undefined || place in packages) continue;
      packages[place] = found;
      follow(place, found);
    }
  };
  follow("", project);
  return { name: project.name, lockfileVersion: 3, requires: true, packages };
}

/** Nothing for the binaries of other platforms, which may be missing. @throws for anything else. */
function missing(from: string, entry: Locked, name: string): undefined {
  if (name in (entry.optionalDependencies ?? {})) return;
  throw new Error(`${from || "the project"} depends on ${name}, which nothing provides`);
}

/** The version of a package that this workspace has installed. */
export function versionHere(name: string): string {
  const version = workspacePlaces()[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`${name} is not installed here`);
  return version;
}

/** What this workspace overrides; a lockfile that is taken from its own holds only with the same. */
export function overridesHere(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")).overrides;
}

function dependenciesOf(place: string, entry: Locked): string[] {
  const { dependencies, devDependencies, optionalDependencies } = entry;
  return Object.keys({
    ...dependencies,
    ...optionalDependencies,
    ...(place === "" ? devDependencies : {}),
  });
}

/** Where Node looks for `name` on behalf of the package at `from`, nearest first. */
function placesFrom(from: string, name: string): string[] {
  const here = from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`;
  if (from === "") return [here];
  const above = from.slice(0, Math.max(0, from.lastIndexOf("node_modules/") - 1));
  return [here, ...placesFrom(above, name)];
}

/** What the workspace has installed, below the places of its packages once those are installed. */
function workspacePlaces(): Places {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", ROOT), "utf8"));
  const packages: Places = lock.packages;
  const installed = Object.entries(packages).filter(
    ([place, { link }]) => place.includes("node_modules/") && !link,
  );
  return Object.fromEntries(
    installed.map(([place, entry]) => [
      place.replace(/^(?=[^n])/, "node_modules/@agentmesh/"),
      entry,
    ]),
  );
}

function packedPlaces(packed: readonly Packed[]): Places {
  return Object.fromEntries(
    packed.map(({ name, version, tarball, integrity }) => {
      const folder = name.slice("@agentmesh/".length);
      const manifest: Manifest = JSON.parse(
        readFileSync(new URL(`${folder}/package.json`, ROOT), "utf8"),
      );
      const { dependencies = {}, bin = {} } = manifest;
      const locked = { version, resolved: `file:${tarball}`, integrity, dependencies, bin };
      return [`node_modules/${name}`, locked];
    }),
  );
}
