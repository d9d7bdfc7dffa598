/**
 * Connections that the workers of one process share, so that what they write in one turn of the event loop leaves
 * together. grpc-js shares a connection between channels of equal options and credentials; a generation among the
 * options says until when it is shared: whoever sees a connection fail retires it, and who dials next gets a new one at
 * once instead of the failed one and its backoff.
 */
import type { ChannelCredentials, ChannelOptions } from "@grpc/grpc-js";
import type { Address } from "./addresses.ts";
import { MeteredCredentials } from "./metered-credentials.ts";

/** Not known to grpc-js, which compares it all the same. */
const GENERATION_OPTION = "agentmesh.connection_generation";

/** The part that one stream has in a connection. */
export interface Share {
  readonly generation: number;
  /** Those of everyone who shares the connection; they tell what arrives on it. */
  readonly credentials: MeteredCredentials;
}

interface Generation {
  readonly number: number;
  /** For each connection the shares in it. */
  readonly shares: Map<MeteredCredentials, number>;
}

const generations = new Map<Address, Generation>();

/** Takes part in the connections to `address` of the moment: in the one whose credentials are equal, or in a new one. */
export function join(address: Address, credentials: ChannelCredentials): Share {
  const { number, shares } = current(address);
  const metered =
    [...shares.keys()].find((other) => other.wraps(credentials)) ??
    new MeteredCredentials(credentials);
  shares.set(metered, (shares.get(metered) ?? 0) + 1);
  return { generation: number, credentials: metered };
}

/** Takes no part any more. */
export function leave(address: Address, { generation, credentials }: Share): void {
  const { number, shares } = current(address);
  if (number !== generation) return;
  const left = (shares.get(credentials) ?? 0) - 1;
  if (left > 0) shares.set(credentials, left);
  else shares.delete(credentials);
}

/** Options of a channel that shares its connection with others of `generation`. */
export function sharing(options: ChannelOptions, generation: number): ChannelOptions {
  return { ...options, "grpc.use_local_subchannel_pool": 0, [GENERATION_OPTION]: generation };
}

/** Nobody who dials from now on shares this connection. Those who do keep it. */
export function retire(address: Address, { generation }: Share): void {
  if (current(address).number === generation) begin(address, generation + 1);
}

function current(address: Address): Generation {
  return generations.get(address) ?? begin(address, 0);
}

function begin(address: Address, number: number): Generation {
  const generation = { number, shares: new Map<MeteredCredentials, number>() };
  generations.set(address, generation);
  return generation;
}
