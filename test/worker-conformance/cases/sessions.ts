/** How sessions begin, break and go on. */
import { setTimeout } from "node:timers/promises";
import { endsOf } from "../host-words.ts";
import { parcel, refuse, waiting } from "../stage.ts";
import { type Case, must } from "./case.ts";
import { isChunkOf, parcelOf } from "./deliveries.ts";

const WINDOWS = { requestWindow: 100, requestWindowBytes: 1_048_576 };
const UNKNOWN = { messageType: "conformance.Unknown", data: new Uint8Array() };
/** A lease, and a time by which every worker has noticed its end. */
const LEASE_MS = 200;
const LAPSE_MS = 1_000;
/** As many frames as may arrive before an acknowledgement must leave. */
const ACKNOWLEDGED_FRAMES = 128;

export const SESSIONS: readonly Case[] = [
  {
    id: "W4",
    async run(stage) {
      const session = await stage.session();
      await session.agentType();
      session.cut();
      refuse(await stage.greeting());
      stage.welcome(await stage.greeting());
    },
  },
  {
    id: "W3",
    async run(stage) {
      const session = await stage.session();
      const { name } = await session.agentType();
      session.cut();
      const next = await stage.session();
      must((await next.agentType()).name === name, "the next session announced another agent type");
    },
  },
  {
    id: "W10",
    async run(stage) {
      const session = await stage.session();
      const from = session.acknowledged.mark;
      const through = session.lastNumber + ACKNOWLEDGED_FRAMES;
      for (let count = 0; count < ACKNOWLEDGED_FRAMES; count++)
        session.sayControl({ $case: "windows", value: WINDOWS });
      const isIt = (acknowledged: number): boolean => acknowledged >= through;
      const limits = { from, limitMs: session.limitMs };
      await session.acknowledged.first(isIt, `the acknowledgement of ${through}`, limits);
    },
  },
  {
    id: "W11",
    async run(stage) {
      const session = await stage.session();
      const delivery = await session.delivery(UNKNOWN);
      session.say(delivery);
      session.sayBatch([delivery], session.lastNumber);
      await session.end(delivery);
      await session.barrier();
      const ends = session.frames.entries.filter(
        (frame) => frame.kind === "turn-end" && frame.delivery === delivery.delivery,
      );
      must(ends.length === 1, `a delivery that arrived twice was ended ${ends.length} times`);
    },
  },
  {
    id: "W12",
    async run(stage) {
      const session = await stage.session();
      await session.barrier();
      session.fallSilent();
      const delivery = await session.deliver(UNKNOWN);
      await session.end(delivery);
      const isEnd = ({ frame }: (typeof session.arrivals.entries)[number]): boolean =>
        frame.kind === "turn-end" && frame.delivery === delivery.delivery;
      const { number } = await session.arrivals.first(isEnd, "the end of the delivery");
      const from = session.arrivals.mark;
      session.cut();
      const { stream, hello, receivedThrough } = await stage.greeting();
      must(hello.resumeToken === session.token, `Hello came with the token "${hello.resumeToken}"`);
      must(
        receivedThrough === session.lastNumber,
        `Hello says that ${receivedThrough} of ${session.lastNumber} frames arrived`,
      );
      session.resume(stream, number - 1);
      const limits = { from, limitMs: session.limitMs };
      const again = await session.arrivals.first(isEnd, "the end of the delivery, again", limits);
      must(again.number === number, `frame ${number} came again as ${again.number}`);
      await session.barrier();
    },
  },
  {
    id: "W32",
    async run(stage) {
      const session = await stage.session();
      await session.barrier();
      const { receivedThrough, lastNumber } = session;
      session.cut();
      const { stream } = await stage.greeting();
      session.resume(stream, receivedThrough, { replayThrough: lastNumber + 2 });
      const delivery = await session.deliver(UNKNOWN);
      const from = session.arrivals.mark;
      session.sayAside({ $case: "ping", value: { nonce: 32 } });
      await session.control("pong", from);
      const hasEnded = session.frames.entries.flatMap(endsOf).includes(delivery.delivery);
      must(!hasEnded, "a turn ran although frames that were said before were still to come");
      session.sayControl({ $case: "windows", value: WINDOWS });
      await session.end(delivery);
    },
  },
  {
    id: "W13",
    async run(stage) {
      const session = await stage.session();
      session.cut();
      const next = await stage.session();
      await next.barrier();
      const numbered = next.arrivals.entries.find(({ number }) => number > 0);
      must(numbered?.number === 1, `the new session began with frame ${numbered?.number}`);
    },
  },
  {
    id: "W33",
    async run(stage) {
      const session = await stage.session();
      const key = "lapsed";
      const old = await session.deliver({ ...waiting(), key });
      await session.chunks(old, 1);
      const late = await session.delivery({ ...parcel(1), key });
      const { receivedThrough, lastNumber } = session;
      session.cut();
      const { stream } = await stage.greeting();
      session.forget(old);
      const lapse = { lapsedThrough: late.activation, replayThrough: lastNumber + 1 };
      session.resume(stream, receivedThrough, lapse);
      session.say(late);
      session.forget(late);
      session.more(old);
      parcelOf(await session.end(await session.deliver({ ...parcel(2), key })));
      await session.barrier();
      const effect = session.frames.entries.find(
        (frame) => frame.kind === "turn-end" && frame.delivery === late.delivery,
      );
      must(
        effect?.kind !== "turn-end" || effect.ending.kind === "failed",
        "a delivery was handled in an activation that has ended",
      );
      must(
        session.frames.entries.filter((frame) => isChunkOf(frame, old)).length === 1,
        "a turn went on in an activation that has ended",
      );
    },
  },
  {
    id: "W34",
    async run(stage) {
      stage.discard();
      const session = stage.welcome(await stage.greeting(), { leaseMs: LEASE_MS });
      const stream = await session.deliver(waiting());
      await session.chunks(stream, 1);
      const { receivedThrough } = session;
      session.cut();
      const greeting = await stage.greeting();
      await setTimeout(LAPSE_MS);
      session.resume(greeting.stream, receivedThrough, { leaseMs: LEASE_MS });
      session.more(stream);
      const end = await session.end(stream);
      must(
        end !== "postponed" && end.kind === "failed",
        `a turn whose lease had run out ended as ${JSON.stringify(end)}`,
      );
      session.cut();
    },
  },
];
