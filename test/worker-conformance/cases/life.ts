/** Signs of life, and a host that leaves. */
import { waiting } from "../stage.ts";
import { type Case, must } from "./case.ts";

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
      const stream = await session.deliver(waiting());
      await session.chunks(stream, 1);
      session.sayControl({ $case: "drain", value: { graceMs: 60_000, address: "" } });
      session.more(stream);
      await session.end(stream);
      session.finish();
      await (await stage.session()).agentType();
    },
  },
  {
    id: "W38",
    async run(stage) {
      const session = await stage.session();
      const stream = await session.deliver(waiting());
      await session.chunks(stream, 1);
      stage.terminate();
      const { frame } = await session.control("drain");
      session.more(stream);
      const end = await session.end(stream);
      must(
        end !== "postponed" && end.kind === "done",
        `what ran when the worker was to leave ended as ${JSON.stringify(end)}`,
      );
      const from = session.arrivals.mark;
      must(frame.kind === "control" && frame.control.$case === "drain", "it is a WorkerDrain");
      const { request } = frame.control.value;
      session.sayControl({ $case: "answer", value: { request, error: undefined } });
      await session.control("goodbye", from);
    },
  },
];
