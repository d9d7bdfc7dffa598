/** What a test and its programs tell each other over the IPC channel. */
import type { WorkerOptions } from "@agentmesh/worker-sdk";
import { z } from "zod";

/** What a worker program is to do. */
export interface WorkerTask {
  /** Options that JSON can carry. */
  readonly options: Omit<WorkerOptions, "clock" | "random" | "name"> & { readonly name: string };
  /** Agent types to run, all of them probes. */
  readonly types: readonly string[];
  /** Deliveries in flight to one agent; 0 for the host's default. */
  readonly agentWindow: number;
}

/**
 * Chance as these tests want it, for every worker: waits between attempts to connect stay, but at a small part of their
 * span, so that links that are cut again and again do not cost a test its time.
 */
export const SMALL_CHANCE = (): number => 0.02;

/** What a fragile program is to do. */
export interface FragileTask {
  readonly host: string;
  /** Sender whose events end the process. */
  readonly poison: string;
}

/** What a reader program is to do. */
export interface ReaderTask {
  readonly host: string;
  /** The agent that counts, as `type/key`. */
  readonly target: string;
  /** Name of the stream. */
  readonly stream: string;
  /** Numbers to read; after them nothing is read, and nothing given up. */
  readonly take: number;
}

const Status = z.object({
  kind: z.enum(["connecting", "connected", "suspended", "lapsed", "draining", "closed"]),
  /** Where it is connected. */
  address: z.string().optional(),
  /** Whether the session goes on. */
  resumed: z.boolean().optional(),
});

/** What a program tells. */
export const Notice = z.discriminatedUnion("kind", [
  /** It is up. */
  z.object({ kind: z.literal("ready") }),
  /** The status of its worker. */
  z.object({ kind: z.literal("status"), status: Status }),
  /** A turn that waits for the gate has begun. */
  z.object({ kind: z.literal("held"), agent: z.string(), sequence: z.int() }),
  /** A turn that waited for the gate of a fragile worker is over. */
  z.object({ kind: z.literal("heard"), agent: z.string(), sequence: z.int() }),
  /** A turn that waits for the gate was told to stop. It waits on. */
  z.object({ kind: z.literal("told-to-stop"), agent: z.string(), sequence: z.int() }),
  /** A stream of numbers is over, for its handler; so many numbers were made. */
  z.object({ kind: z.literal("stream-over"), name: z.string(), numbers: z.int() }),
  /** A reader has read what it was to read. */
  z.object({ kind: z.literal("taken") }),
  /** It has left the mesh. */
  z.object({ kind: z.literal("left") }),
]);
export type Notice = z.infer<typeof Notice>;

/** What a worker program is told: let go of turns that wait, now and later; or leave in peace. */
export type Order = { readonly kind: "open-gate" } | { readonly kind: "drain" };
