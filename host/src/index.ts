export { createHost, type Host, type HostEnvironment } from "./host.ts";
export type { HostOptions } from "./options.ts";
