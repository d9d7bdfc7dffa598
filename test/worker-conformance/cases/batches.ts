/** How frames travel. */
import { BATCH_HEAD_BYTES } from "@agentmesh/proto/wire";
import { encodeBatch } from "../host-words.ts";
import { type Case, must } from "./case.ts";

const UNKNOWN = { messageType: "conformance.Unknown", data: new Uint8Array() };
/** `ConnectResponse.frames`, a frame of 7 bytes: kind 100, a message with 4 bytes of a field that nobody knows. */
const UNKNOWN_FRAME = Buffer.from([0x1a, 0x07, 0xa2, 0x06, 0x04, 0xc2, 0x3e, 0x01, 0x2a]);
/** Field 1000 of a batch, a number. */
const UNKNOWN_FIELD = Buffer.from([0xc0, 0x3e, 0x07]);

export const BATCHES: readonly Case[] = [
  {
    id: "W6",
    async run(stage) {
      const session = await stage.session();
      const deliveries = await Promise.all([1, 2, 3].map(() => session.delivery(UNKNOWN)));
      session.say(...deliveries);
      for (const delivery of deliveries) await session.end(delivery);
    },
  },
  {
    id: "W7",
    async run(stage) {
      const session = await stage.session();
      const batch = encodeBatch([await session.delivery(UNKNOWN)]);
      must(batch.length > BATCH_HEAD_BYTES, "a batch has a head");
      session.sayBytes(Buffer.concat([encodeBatch([]), UNKNOWN_FRAME, UNKNOWN_FIELD]), 1);
      await session.barrier();
      must(session.isOpen, "the worker ended the stream");
    },
  },
];
