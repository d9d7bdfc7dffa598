/** What the keeper and its test say to each other. */
import { defineMessage } from "@agentmesh/worker-sdk";
import { z } from "zod";

const Total = defineMessage("keeper.Total", z.object({ total: z.number() }));
/** Adds to an agent's total. */
export const Add = defineMessage("keeper.Add", z.object({ amount: z.number() }), { reply: Total });

/** What a keeper is to do. */
export interface KeeperTask {
  readonly host: string;
  /** A saved state to load before it says that it is ready, as text; empty for none. */
  readonly saved: string;
}

/** What a keeper tells. */
export const KeeperNotice = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  /** What it saved, as text. */
  z.object({ kind: z.literal("saved"), text: z.string() }),
]);
export type KeeperNotice = z.infer<typeof KeeperNotice>;

/** What it is told. */
export interface SaveOrder {
  readonly kind: "save";
}
