/** What others need to talk to a courier, in whatever language it is written. */
import { Parcel as ParcelType } from "./gen/courier/v1/parcel.ts";

export {
  Handling,
  Parcel as ParcelFields,
  Scatter as ScatterFields,
  Unpack as UnpackFields,
} from "./gen/courier/v1/parcel.ts";
export { Parcel, Piece, Unpack } from "./messages.ts";

/** A parcel with every field at its default. */
export const EMPTY_PARCEL = ParcelType.decode(new Uint8Array());
