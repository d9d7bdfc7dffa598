/** What becomes of deliveries. */
import { ParcelFields } from "@agentmesh/examples/courier";
import { decodeContent, type Ending } from "@agentmesh/proto/wire";
import type { HostSession } from "../host-session.ts";
import { contentOf, endsOf } from "../host-words.ts";
import { BROKEN_PARCEL, isRefusal, parcel } from "../stage.ts";
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
      const first = await session.deliver({ ...parcel(1, true), key });
      const second = await session.deliver({ ...parcel(2, true), key });
      const firstSend = await session.sendOf(first);
      await session.barrier();
      const early = session.frames.entries.some(
        (frame) =>
          (frame.kind === "send" && frame.parent === second.delivery) ||
          endsOf(frame).includes(second.delivery),
      );
      must(!early, "the second turn began while the first one waited");
      answer(session, firstSend.request);
      await session.end(first);
      answer(session, (await session.sendOf(second)).request);
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
      const waiting = await session.deliver(parcel(1, true));
      const { request } = await session.sendOf(waiting);
      await session.end(await session.deliver(parcel(2)));
      const from = session.arrivals.mark;
      session.sayAside({ $case: "ping", value: { nonce: 19 } });
      await session.control("pong", from);
      answer(session, request);
      await session.end(waiting);
    },
  },
  {
    id: "W20",
    async run(stage) {
      const session = await stage.session();
      const key = "cancelled";
      const running = await session.deliver({ ...parcel(1, true), key });
      await session.sendOf(running);
      const waiting = await session.deliver({ ...parcel(2, true), key });
      cancel(session, waiting.delivery);
      await session.end(waiting);
      cancel(session, running.delivery);
      must((await session.end(running)) !== "postponed", "the cancelled turn was postponed");
      await session.end(await session.deliver({ ...parcel(3), key }));
      const begun = session.frames.entries.some(
        (frame) => frame.kind === "send" && frame.parent === waiting.delivery,
      );
      must(!begun, "a delivery that was cancelled while it waited began all the same");
    },
  },
  {
    id: "W21",
    async run(stage) {
      const session = await stage.session();
      const key = "moved";
      const old = await session.deliver({ ...parcel(1, true), key });
      await session.sendOf(old);
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
