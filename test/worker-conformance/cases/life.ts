/** Signs of life, and a host that leaves. */
import { parcel } from "../stage.ts";
import { type Case, must } from "./case.ts";
import { answer } from "./deliveries.ts";

const NONCE = 424_242;

export const LIFE: readonly Case[] = [
  {
    id: "W29",
    async run(stage) {
      const session = await stage.session();
      const from = session.arrivals.mark;
      session.sayAside({ $case: "ping", value: { nonce: NONCE } });
      const { number, frame } = await session.control("pong", from);
      must(number === 0, `Pong came with number ${number}`);
      const nonce =
        frame.kind === "control" && frame.control.$case === "pong" && frame.control.value.nonce;
      must(nonce === NONCE, `Pong came with nonce ${nonce}`);
    },
  },
  {
    id: "W30",
    async run(stage) {
      stage.discard();
      const session = stage.welcome(await stage.greeting(), { heartbeatMs: 100 });
      await session.control("ping");
      session.cut();
    },
  },
  {
    id: "W31",
    async run(stage) {
      const session = await stage.session();
      const waiting = await session.deliver(parcel(31, true));
      const { request } = await session.sendOf(waiting);
      session.sayControl({ $case: "drain", value: { graceMs: 60_000, address: "" } });
      answer(session, request);
      await session.end(waiting);
      session.finish();
      await (await stage.session()).agentType();
    },
  },
];
