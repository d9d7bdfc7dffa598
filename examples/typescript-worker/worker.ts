/** A worker that stamps parcels and sends them on, as its counterparts in Python and Go do over the bare protocol. */
import {
  type AgentContext,
  AppError,
  agentId,
  connectWorker,
  defineAgent,
  topicId,
} from "@agentmesh/worker-sdk";
import { Parcel as ParcelFields } from "./gen/courier/v1/parcel.ts";
import { Parcel, Piece, Scatter, Unpack } from "./messages.ts";

const TYPE = "typescript-courier";
const EMPTY = ParcelFields.decode(new Uint8Array());
const HOST = process.env.AGENTMESH_ADDRESS ?? "127.0.0.1:50051";

/** Stamps a parcel, and sends it to the next of its route. @returns what comes back. */
async function carry(parcel: ParcelFields, ctx: AgentContext<unknown>): Promise<ParcelFields> {
  if (parcel.weightGrams === 0) {
    throw new AppError("WEIGHTLESS", "a parcel without weight is lost");
  }
  const stamp = { agent: ctx.self.text, weightGrams: parcel.weightGrams };
  const stamped = { ...parcel, stamps: [...parcel.stamps, stamp] };
  const [next, ...route] = stamped.route;
  if (next === undefined) return stamped;
  return ctx.send(agentId(next, ctx.self.key), Parcel({ ...stamped, route }));
}

const courier = defineAgent(TYPE, {
  subscriptions: [`posted.${TYPE}`],
  handlers: (on) => [
    on(Parcel, async (parcel, ctx) => {
      const carried = await carry(parcel, ctx);
      if (ctx.kind === "event") {
        await ctx.publish(topicId("delivered", ctx.self.key), Piece(carried));
      }
      return carried;
    }),
    on(Unpack, async function* ({ parcel, pieces }, ctx) {
      if (parcel === undefined) throw new AppError("NOTHING", "there is nothing to unpack");
      const { stamps } = await carry(parcel, ctx);
      for (let number = 1; number <= pieces; number++) yield { ...EMPTY, number, stamps };
    }),
    on(Scatter, ({ parcel, copies }, ctx) => {
      const copy = Piece(parcel ?? EMPTY);
      const topic = topicId("scattered", ctx.self.key);
      // Not `ctx.publish`, and nobody waits: these are no part of the turn.
      for (let number = 1; number <= copies; number++)
        worker.publish(topic, copy).catch(console.error);
    }),
  ],
});

const worker = await connectWorker({ host: HOST, name: TYPE });
await worker.register(courier);
console.log(`${TYPE} connected to ${HOST}`);

process.once("SIGTERM", () => worker.drain());
