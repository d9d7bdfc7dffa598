/**
 * Connections that the workers of one process share, so that what they write in one turn of the event loop leaves
 * together. grpc-js shares a connection between channels of equal options; a generation among the options says until
 * when it is shared: whoever sees a connection fail retires it, and who dials next gets a new one at once instead of
 * the failed one and its backoff.
 */
import type { ChannelOptions } from "@grpc/grpc-js";
import type { Address } from "./addresses.ts";

/** Not known to grpc-js, which compares it all the same. */
const GENERATION_OPTION = "agentmesh.connection_generation";

const generations = new Map<Address, number>();

/** The generation of connections to `address` that who dials now takes part in. */
export function generationOf(address: Address): number {
  return generations.get(address) ?? 0;
}

/** Options of a channel that shares its connection with others of `generation`. */
export function sharing(options: ChannelOptions, generation: number): ChannelOptions {
  return { ...options, "grpc.use_local_subchannel_pool": 0, [GENERATION_OPTION]: generation };
}

/** Nobody who dials from now on shares connections of `generation`. Those who do keep them. */
export function retire(address: Address, generation: number): void {
  if (generationOf(address) === generation) generations.set(address, generation + 1);
}
