/** What must hold for package-lock.json, so that `npm ci` works on every platform, behind every registry, for years. */
import { readFileSync } from "node:fs";

/**
 * @typedef {{
 *   resolved?: string, link?: boolean, integrity?: string, dependencies?: Record<string, string>,
 *   devDependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 * }} LockedPackage
 * @typedef {Record<string, LockedPackage>} Packages
 */

const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/**
 * Reads the packages of a lockfile.
 * @param {string} file
 * @returns {Packages}
 */
export function lockedPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/**
 * Every complaint about the packages of a lockfile, one line each.
 * @param {Packages} packages
 * @returns {string[]}
 */
export function lockfileProblems(packages) {
  return Object.entries(packages).flatMap(([place, entry]) => [
    ...missingOptional(packages, place, entry),
    ...originProblems(place, entry),
    ...(place.includes("node_modules/") ? [] : looseVersions(place, entry)),
  ]);
}

/**
 * npm writes an incomplete lockfile when the registry lacks a platform's binary, and installs there fail.
 * @param {Packages} packages
 * @param {string} place
 * @param {LockedPackage} entry
 */
function missingOptional(packages, place, { optionalDependencies = {} }) {
  return Object.keys(optionalDependencies)
    .filter((name) => !candidates(place, name).some((candidate) => candidate in packages))
    .map((name) => `${place || "the root"}: optional dependency ${name} is not in the lockfile`);
}

/** The places where Node would look for `name` when the package at `place` asks for it. */
function candidates(/** @type {string} */ place, /** @type {string} */ name) {
  const places = [];
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/")))) {
    places.push(from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`);
    if (from === "") return places;
  }
}

/**
 * A registry's address would bind every clone to that registry; a package without a checksum could be anything.
 * @param {string} place
 * @param {LockedPackage} entry
 */
function originProblems(place, { resolved, integrity, link }) {
  const problems = [];
  if (resolved?.includes("://")) problems.push(`${place}: resolved names an address: ${resolved}`);
  if (place.includes("node_modules/") && !link && !integrity)
    problems.push(`${place}: no integrity`);
  return problems;
}

/**
 * @param {string} place
 * @param {LockedPackage} entry
 */
function looseVersions(place, { dependencies = {}, devDependencies = {} }) {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !EXACT_VERSION.test(version))
    .map(([name, version]) => `${place || "the root"}: ${name} is not pinned: ${version}`);
}
