/** The doors of the packages: what a user can import. Imports nothing but Node. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./process.mjs";

/**
 * @typedef {{ folder: string, name: string, source: string, types: string }} PublicDoor
 *   its package's folder, the name that it is imported by, and two absolute paths: of its source and of its declarations
 */

/** The folders of the packages that are published. */
export const PACKAGES = ["proto", "host", "worker-sdk"];
/**
 * Doors between the packages of one release, which promise nothing to others: parts that host and SDK share, and types
 * that are generated from the .proto files, whose contract buf compares with the last release.
 */
const SHARED_DOORS = ["./wire", "./link", "./agentmesh/v1", "./agents"];

/** The doors of this repository's packages, or of a folder that is laid out alike. @returns {PublicDoor[]} */
export function publicDoors(top = ROOT) {
  return PACKAGES.flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(path.join(top, folder, "package.json"), "utf8"));
    /** @type {[string, { types?: string, "@agentmesh/source"?: string }][]} */
    const doors = Object.entries(manifest.exports);
    return doors.flatMap(([door, { types, "@agentmesh/source": source = "" }]) => {
      if (types === undefined || SHARED_DOORS.includes(door)) return [];
      const name = path.posix.join(manifest.name, door);
      const at = (/** @type {string} */ file) => path.join(top, folder, file);
      return [{ folder, name, source: at(source), types: at(types) }];
    });
  });
}
