/** Sends within turns, streams of replies, events. */
import { ParcelFields } from "@agentmesh/examples/courier";
import { failure } from "@agentmesh/proto";
import { decodeContent, type ReplyChunkFrame } from "@agentmesh/proto/wire";
import { publishesOf } from "../host-words.ts";
import { ELSEWHERE, parcel, scattering, unpacking } from "../stage.ts";
import { type Case, must } from "./case.ts";
import { answer, cancel, parcelOf } from "./deliveries.ts";

const PIECES = 5;

export const MESSAGES: readonly Case[] = [
  {
    id: "W22",
    async run(stage) {
      const session = await stage.session();
      const first = await session.deliver(parcel(1, true));
      const second = await session.deliver(parcel(2, true));
      const sends = [await session.sendOf(first), await session.sendOf(second)];
      for (const [index, send] of sends.entries()) {
        const { activation } = index === 0 ? first : second;
        must(
          send.activation === activation,
          `it names activation ${send.activation}, not ${activation}`,
        );
        must(send.target.type === ELSEWHERE, `it goes to ${send.target.text}`);
      }
      must(sends[0]?.request !== sends[1]?.request, "two sends have the same request number");
      for (const { request } of sends) answer(session, request);
      for (const delivery of [first, second]) await session.end(delivery);
    },
  },
  {
    id: "W23",
    async run(stage) {
      const session = await stage.session();
      const answered = await session.deliver(parcel(1, true));
      const { request } = await session.sendOf(answered);
      answer(session, request);
      const { number } = parcelOf(await session.end(answered));
      must(number === request, `the reply was parcel ${request}, and parcel ${number} went on`);
      const failing = await session.deliver(parcel(2, true));
      const ending = { kind: "failed", failure: failure("AGENT_TYPE_UNKNOWN") } as const;
      session.say({ kind: "result", request: (await session.sendOf(failing)).request, ending });
      const end = await session.end(failing);
      must(
        end !== "postponed" && end.kind === "failed",
        `a failed send ended the turn as ${JSON.stringify(end)}`,
      );
    },
  },
  {
    id: "W24",
    async run(stage) {
      const session = await stage.session();
      const byChunks = await session.deliver(unpacking(PIECES, 2));
      await session.chunks(byChunks, 2);
      const byBytes = await session.deliver(unpacking(PIECES, PIECES, 1));
      await session.chunks(byBytes, 1);
      // Whatever leaves too early is seen by the rules of the traffic.
      await session.barrier();
      for (const { delivery } of [byChunks, byBytes]) {
        cancel(session, delivery);
        await session.end({ delivery });
      }
    },
  },
  {
    id: "W25",
    async run(stage) {
      const session = await stage.session();
      const stream = await session.deliver(unpacking(PIECES, 2));
      await session.chunks(stream, 2);
      session.say({ kind: "stream-credit", stream: stream.delivery, chunks: 2, bytes: 0 });
      await session.chunks(stream, 4);
      session.say({ kind: "stream-credit", stream: stream.delivery, chunks: 10, bytes: 0 });
      const numbers = (await session.chunks(stream, PIECES)).map(numberOf);
      must(numbers.join() === "1,2,3,4,5", `the pieces came as ${numbers.join()}`);
      const end = await session.end(stream);
      must(
        end !== "postponed" && end.kind === "done",
        `the stream closed with ${JSON.stringify(end)}`,
      );
    },
  },
  {
    id: "W26",
    async run(stage) {
      const session = await stage.session();
      const stream = await session.deliver(unpacking(PIECES, 1));
      await session.chunks(stream, 1);
      cancel(session, stream.delivery);
      await session.end(stream);
    },
  },
  {
    id: "W27",
    async run(stage) {
      const session = await stage.session();
      const { targets } = await session.publish(["east", "west"], parcel(27));
      for (const target of targets) await session.end(target);
    },
  },
  {
    id: "W28",
    async run(stage) {
      for (const key of ["before", "after"]) {
        const session = await stage.session();
        const { targets } = await session.publish([key], parcel(28));
        for (const target of targets) await session.end(target);
        const published = session.frames.entries.flatMap(publishesOf);
        must(published.length > 0, "an event led to no publish before its delivery ended");
        session.cut();
      }
    },
  },
  {
    id: "W35",
    async run(stage) {
      const session = await stage.session();
      const key = "re-entered";
      const outer = await session.deliver({ ...parcel(1, true), key });
      const { request } = await session.sendOf(outer);
      const inner = await session.delivery({ ...parcel(35), key });
      session.say({ ...inner, reenters: request });
      const { number } = parcelOf(await session.end(inner));
      must(number === 35, `the delivery that re-enters was answered with parcel ${number}`);
      answer(session, request);
      await session.end(outer);
    },
  },
  {
    id: "W36",
    async run(stage) {
      const session = await stage.session();
      session.refrain();
      await session.end(await session.deliver(scattering(2)));
      const first = await session.publishes(2);
      session.cut();
      const again = await (await stage.session()).publishes(2);
      const told = (publishes: typeof first): string =>
        publishes.map(({ sequence }) => sequence).join();
      must(
        told(again) === told(first),
        `publishes ${told(first)} came in the next session as ${told(again)}`,
      );
      must(
        again.every(({ resent }) => resent),
        "a publish came again without `resent`",
      );
    },
  },
  {
    id: "W37",
    async run(stage) {
      stage.discard();
      const session = stage.welcome(await stage.greeting(), { requestWindow: 2 });
      session.refrain();
      await session.end(await session.deliver(scattering(4)));
      const [first] = await session.publishes(2);
      await session.barrier();
      const early = session.frames.entries.flatMap(publishesOf).length;
      must(early === 2, `${early} publishes came into a window of 2`);
      session.accept(first?.sequence ?? 0);
      const [, second, third] = await session.publishes(3);
      session.accept(second?.sequence ?? 0, third?.sequence ?? 0);
      const fourth = (await session.publishes(4)).at(-1);
      session.accept(fourth?.sequence ?? 0);
      session.cut();
    },
  },
];

function numberOf({ content }: ReplyChunkFrame): number {
  return ParcelFields.decode(decodeContent(content).data).number;
}
