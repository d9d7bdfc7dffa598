/** Message types loaded from `.proto` files. It has a door of its own: who does not use it does not load protobufjs. */
export {
  type LoadedProtobuf,
  type LoadOptions,
  loadProtobuf,
} from "./messages/protobuf/load-protobuf.ts";
export type { LoadedType } from "./messages/protobuf/loaded-type.ts";
export { type PackageDefinitions, packageType } from "./messages/protobuf/package-type.ts";
export type { ProtobufType } from "./messages/protobuf-codec.ts";
