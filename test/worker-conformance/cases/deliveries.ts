/** What becomes of deliveries. */
import { ParcelFields } from "@agentmesh/examples/courier";
import {
  type DeliverFrame,
  decodeContent,
  type Ending,
  type WorkerFrame,
} from "@agentmesh/proto/wire";
import type { HostSession } from "../host-session.ts";
import { contentOf, endsOf } from "../host-words.ts";
import { BROKEN_PARCEL, isRefusal, parcel, waiting } from "../stage.ts";
import { type Case, must } from "./case.ts";

const CANCELLED = 5;

export const DELIVERIES: readonly Case[] = [
  {
    id: "W15",
    async run(stage) {
      const session = await stage.session();
      const unknown = { messageType: "conformance.Unknown", data: new Uint8Array() };
      const end = await session.end(await session.deliver(unknown));
      must(isRefusal(end, "MESSAGE_UNHANDLED"), `it ended as ${JSON.stringify(end)}`);
    },
  },
  {
    id: "W16",
    async run(stage) {
      const session = await stage.session();
      const end = await session.end(await session.deliver(BROKEN_PARCEL));
      must(isRefusal(end, "PAYLOAD_INVALID"), `it ended as ${JSON.stringify(end)}`);
    },
  },
  {
    id: "W17",
    async run(stage) {
      const session = await stage.session();
      const delivery = await session.deliver(parcel(17));
      const reply = parcelOf(await session.end(delivery));
      must(reply.number === 17, `parcel 17 came back as ${reply.number}`);
      must(
        reply.stamps.at(-1)?.agent === delivery.target.text,
        `its last stamp is ${JSON.stringify(reply.stamps.at(-1))}`,
      );
    },
  },
  {
    id: "W18",
    async run(stage) {
      const session = await stage.session();
      const key = "in-order";
      const first = await session.deliver({ ...waiting(), key });
      const second = await session.deliver({ ...waiting(), key });
      await session.chunks(first, 1);
      await session.barrier();
      must(!hasBegun(session, second), "the second turn began while the first one waited");
      session.more(first);
      await session.end(first);
      session.more(second);
      await session.end(second);
      const more = [3, 4, 5].map((number) => session.deliver({ ...parcel(number), key }));
      const numbers = (await Promise.all(more)).map(({ delivery }) => delivery);
      for (const delivery of numbers) await session.end({ delivery });
      const ended = session.frames.entries.flatMap(endsOf).filter((end) => numbers.includes(end));
      must(
        ended.join() === numbers.join(),
        `deliveries ${numbers.join()} ended as ${ended.join()}`,
      );
    },
  },
  {
    id: "W19",
    async run(stage) {
      const session = await stage.session();
      const stream = await session.deliver(waiting());
      await session.chunks(stream, 1);
      await session.end(await session.deliver(parcel(2)));
      const from = session.arrivals.mark;
      session.sayAside({ $case: "ping", value: { nonce: 19 } });
      await session.control("pong", from);
      session.more(stream);
      await session.end(stream);
    },
  },
  {
    id: "W20",
    async run(stage) {
      const session = await stage.session();
      const key = "cancelled";
      const running = await session.deliver({ ...waiting(), key });
      await session.chunks(running, 1);
      const second = await session.deliver({ ...waiting(), key });
      cancel(session, second.delivery);
      await session.end(second);
      cancel(session, running.delivery);
      must((await session.end(running)) !== "postponed", "the cancelled turn was postponed");
      await session.end(await session.deliver({ ...parcel(3), key }));
      must(
        !session.frames.entries.some((frame) => isChunkOf(frame, second)),
        "a delivery that was cancelled while it waited began all the same",
      );
    },
  },
  {
    id: "W21",
    async run(stage) {
      const session = await stage.session();
      const key = "moved";
      const old = await session.deliver({ ...waiting(), key });
      await session.chunks(old, 1);
      session.deactivate(old);
      await session.end(await session.deliver({ ...parcel(2), key }));
    },
  },
];

/** Asks the worker to stop a delivery. */
export function cancel(session: HostSession, delivery: number): void {
  session.say({ kind: "cancel-delivery", delivery, reason: CANCELLED });
}

/** Settles a send of the worker with a parcel that comes back. */
export function answer(session: HostSession, request: number): void {
  const content = contentOf(parcel(request));
  session.say({ kind: "result", request, ending: { kind: "reply", content } });
}

/** The parcel that a delivery was answered with. */
export function parcelOf(ending: Ending | "postponed"): ParcelFields {
  must(
    ending !== "postponed" && ending.kind === "reply",
    `it ended as ${JSON.stringify(ending)} instead of with a reply`,
  );
  return ParcelFields.decode(decodeContent(ending.content).data);
}

/** Whether anything has come of a delivery. */
function hasBegun(session: HostSession, delivery: DeliverFrame): boolean {
  return session.frames.entries.some(
    (frame) => isChunkOf(frame, delivery) || endsOf(frame).includes(delivery.delivery),
  );
}

/** Whether a frame is an element of the stream that answers a delivery. */
export function isChunkOf(frame: WorkerFrame, { delivery }: DeliverFrame): boolean {
  return frame.kind === "reply-chunk" && frame.delivery === delivery;
}
