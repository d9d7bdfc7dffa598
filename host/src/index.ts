export { createHost } from "./host.ts";
export type { Host, HostEnvironment } from "./host-handle.ts";
export type { HostOptions } from "./options.ts";
