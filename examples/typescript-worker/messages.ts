/**
 * The messages of proto/courier/v1 as the SDK sends them. Every courier handles parcels and takes them apart, in whatever
 * language it is written.
 */
import { defineMessage, stream } from "@agentmesh/worker-sdk";
import {
  Parcel as ParcelType,
  Scatter as ScatterType,
  Unpack as UnpackType,
} from "./gen/courier/v1/parcel.ts";

/** A parcel, answered with the same one after its route. */
export const Parcel = defineMessage("courier.v1.Parcel", ParcelType, {
  reply: defineMessage("courier.v1.Parcel", ParcelType),
});

/** A parcel as an event: nobody answers. */
export const Piece = defineMessage("courier.v1.Parcel", ParcelType);

/** A parcel that is taken apart. */
export const Unpack = defineMessage("courier.v1.Unpack", UnpackType, { reply: stream(Piece) });

/** A parcel that is published in copies. Only this courier does that: small ones say nothing outside of turns. */
export const Scatter = defineMessage("courier.v1.Scatter", ScatterType);
