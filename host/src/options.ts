import { arrange } from "./options/arrange.ts";
import type { HostOptions } from "./options/host-options.ts";
import type { ResolvedHostOptions } from "./options/resolved-options.ts";
import { environmentOptions, givenOptions, readOptions } from "./options/source.ts";

export { formatAddress } from "./options/address.ts";
export type { HostOptions } from "./options/host-options.ts";
export type { ResolvedHostOptions } from "./options/resolved-options.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const NO_ENVIRONMENT: Environment = {};

/**
 * Fills in what is left out, first from `env` (`AGENTMESH_…`, nothing by default), then from the defaults. Pure: reads
 * no file and not the environment of the process.
 *
 * @throws MeshError `INVALID_ARGUMENT` that names the option and what is allowed.
 */
export function resolveHostOptions(
  options: HostOptions = {},
  env: Environment = NO_ENVIRONMENT,
): ResolvedHostOptions {
  return arrange(readOptions([givenOptions(options), environmentOptions(env)]));
}
