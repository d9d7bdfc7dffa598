export { Fifo } from "./fifo.ts";
export { Inbox, type InboxOptions } from "./inbox.ts";
export { Liveness, type LivenessOptions } from "./liveness.ts";
export { NumberMap } from "./number-map.ts";
export { type BatchStream, encodeUnnumbered, Outbox, type OutboxOptions } from "./outbox.ts";
export { Portions } from "./portions.ts";
export { RowIndex } from "./row-index.ts";
export { PAGE_ROWS, placeOf, Rows } from "./rows.ts";
