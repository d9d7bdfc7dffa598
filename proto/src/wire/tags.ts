/** Tag of a frame within a batch: field 3 of ConnectRequest and ConnectResponse. */
export const FRAME_TAG = 0x1a;
