import { existsSync } from "node:fs";
import path from "node:path";
import { invalid, quote } from "@agentmesh/proto";
import protobuf from "protobufjs";
import { reasonOf } from "../codec.ts";
import { LoadedType } from "./loaded-type.ts";

/** Options of {@link loadProtobuf}. */
export interface LoadOptions {
  /**
   * Folders in which the loaded files and their imports are looked up, in this order. A path that is found in none of
   * them counts from the importing file, then from the working directory. Files of `google/protobuf` that protobufjs
   * knows need no folder. Default: none.
   */
  readonly includeDirs?: readonly string[];
}

/** The message types of some `.proto` files. */
export interface LoadedProtobuf {
  /**
   * A message type, for `defineMessage`. Its messages are plain objects: field names in lower camel case, 64-bit
   * integers as decimal strings (numbers and bigints are taken as well), enum values by name, `bytes` as `Buffer`, maps
   * as objects; what is absent has its default, an absent message is null, and an unset field of a `oneof` or an
   * `optional` one is not there at all. Senders are checked: an unknown field or a wrong type is `PAYLOAD_INVALID`.
   * @param name full name, `demo.Ask`.
   * @throws MeshError `INVALID_ARGUMENT` when the files define no message of that name.
   */
  type<Message extends object = Record<string, unknown>>(name: string): LoadedType<Message>;
}

/**
 * Loads message types from `.proto` files, so that nothing has to be generated for them. The files are read at once.
 * @param files paths of the files; what they import is loaded too.
 * @throws MeshError `INVALID_ARGUMENT` when a file cannot be read or parsed, or a type in it is nowhere defined.
 */
export function loadProtobuf(
  files: string | readonly string[],
  options: LoadOptions = {},
): LoadedProtobuf {
  const root = new protobuf.Root();
  const resolveBeside = root.resolvePath;
  root.resolvePath = (importer, file) =>
    findIn(options.includeDirs ?? [], file) ?? resolveBeside(importer, file);
  try {
    // Not `load`: it throws where nobody can catch when a type is nowhere defined, and never settles.
    root.loadSync(typeof files === "string" ? files : [...files]);
    root.resolveAll();
  } catch (error) {
    const named = typeof files === "string" ? files : files.join(", ");
    throw invalid(`${quote(named)} cannot be loaded: ${reasonOf(error)}`);
  }
  return { type: (name) => new LoadedType(messageType(root, name)) };
}

function findIn(folders: readonly string[], file: string): string | undefined {
  return folders.map((folder) => path.join(folder, file)).find((found) => existsSync(found));
}

function messageType(root: protobuf.Root, name: string): protobuf.Type {
  const found = root.lookup(name, [protobuf.Type]);
  // A lookup also finds names within every package: only the full one is meant.
  if (found instanceof protobuf.Type && found.fullName === `.${name}`) return found;
  throw invalid(`the loaded files define no message ${quote(name)}; give its full name`);
}
