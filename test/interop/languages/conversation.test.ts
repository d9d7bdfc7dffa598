/** One conversation in three languages: the example workers beside each other on a host, each in its own process. */
import {
  EMPTY_PARCEL,
  Handling,
  Parcel,
  type ParcelFields,
  Piece,
  Unpack,
} from "@agentmesh/examples/courier";
import {
  agentId,
  connectWorker,
  defineAgent,
  defineMessage,
  type MeshError,
  topicId,
  type Worker,
} from "@agentmesh/worker-sdk";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Journal } from "../../support/journal.ts";
import { startHostProcess } from "../../support/processes.ts";
import { eventually } from "../../support/waiting.ts";
import { connected, LANGUAGES, type Language, startCourier } from "./couriers.ts";

/** A value for every kind of field that languages like to disagree about. */
const FULL: ParcelFields = {
  number: Number.MAX_SAFE_INTEGER,
  weightGrams: 4_294_967_295,
  value: 0.1 + 0.2,
  seal: Buffer.from([0, 255, 128, 10]),
  address: { street: "Ćwiczebna 7", city: "東京 🗼" },
  handling: Handling.COLD,
  celsius: -18,
  registered: true,
  note: "",
  labels: { "": "empty", über: "ß" },
  route: [],
  stamps: [],
};
/** More than the window of a stream, so that credit must be granted on the way. */
const MANY_PIECES = 200;
/** More than may be in flight to one agent, so that deliveries must be ended on the way. */
const MANY_EVENTS = 100;
const RETURN_MS = 20_000;

const typeOf = (language: Language): string => `${language}-courier`;
const stampOf = (language: Language, key: string) => ({
  agent: `${typeOf(language)}/${key}`,
  weightGrams: FULL.weightGrams,
});

async function startMesh() {
  const host = await startHostProcess();
  const workers = await Promise.all(LANGUAGES.map((name) => startCourier(name, host.address)));
  const caller = await connectWorker({ host: host.address, name: "caller" });
  onTestFinished(() => caller.close());
  return { host, workers, caller };
}

/** The events of topic type `delivered` that arrive at this worker. */
async function follow(caller: Worker): Promise<Journal<ParcelFields>> {
  const delivered = new Journal<ParcelFields>("the delivered parcels");
  const receiver = defineAgent("receiver", {
    subscriptions: ["delivered"],
    handlers: (on) => [on(Piece, (parcel) => delivered.add(parcel))],
  });
  await caller.register(receiver);
  return delivered;
}

test.each(Object.keys(FULL).filter((field) => field !== "route" && field !== "stamps"))(
  "a courier that loses the field %s is noticed",
  (field) => {
    expect({ ...FULL, [field]: Reflect.get(EMPTY_PARCEL, field) }).not.toEqual(FULL);
  },
);

test("a parcel goes through every language and back, and each field stays as it was", async () => {
  const { caller } = await startMesh();
  for (const [index, first] of LANGUAGES.entries()) {
    const others = [...LANGUAGES.slice(index + 1), ...LANGUAGES.slice(0, index)];
    const route = others.map(typeOf);
    const parcel = await caller.send(agentId(typeOf(first), "tour"), Parcel({ ...FULL, route }));
    const stamps = [first, ...others].map((language) => stampOf(language, "tour"));
    expect(parcel).toEqual({ ...FULL, stamps });
  }
});

test("an event crosses to the other languages and comes back as an event", async () => {
  const { caller } = await startMesh();
  const delivered = await follow(caller);
  for (const [index, first] of LANGUAGES.entries()) {
    const others = [...LANGUAGES.slice(index + 1), ...LANGUAGES.slice(0, index)];
    const posted = Piece({ ...FULL, note: undefined, route: others.map(typeOf) });
    await caller.publish(topicId(`posted.${typeOf(first)}`, first), posted);
    const isIt = ({ stamps }: ParcelFields) => stamps[0]?.agent === `${typeOf(first)}/${first}`;
    const stamps = [first, ...others].map((language) => stampOf(language, first));
    expect(await delivered.first(isIt, `the parcel of ${first}`)).toEqual({
      ...FULL,
      note: undefined,
      stamps,
    });
  }
});

describe.each(LANGUAGES)("the %s worker", (language) => {
  test("streams replies as fast as its reader takes them, in order", async () => {
    const { caller } = await startMesh();
    const request = Unpack({ parcel: FULL, pieces: MANY_PIECES });
    const numbers: number[] = [];
    for await (const piece of caller.stream(agentId(typeOf(language), "s"), request)) {
      expect(piece.stamps).toEqual([stampOf(language, "s")]);
      numbers.push(piece.number);
    }
    expect(numbers).toEqual(Array.from({ length: MANY_PIECES }, (_, index) => index + 1));
  });

  test("ends the deliveries of events, so that the next ones come, in order", async () => {
    const { caller } = await startMesh();
    const delivered = await follow(caller);
    const numbers = Array.from({ length: MANY_EVENTS }, (_, index) => index + 1);
    const topic = topicId(`posted.${typeOf(language)}`, "many");
    await Promise.all(
      numbers.map((number) =>
        caller.publish(topic, Piece({ ...EMPTY_PARCEL, weightGrams: 1, number })),
      ),
    );
    await delivered.first(({ number }) => number === MANY_EVENTS, "the last parcel");
    expect(delivered.entries.map(({ number }) => number)).toEqual(numbers);
  });

  test("fails with typed errors that say whether the handler ran", async () => {
    const { caller } = await startMesh();
    const target = agentId(typeOf(language), "f");
    const failed = (attempt: Promise<unknown>): Promise<MeshError> =>
      attempt.then(
        () => expect.unreachable("it did not fail"),
        (error) => error,
      );
    expect(await failed(caller.send(target, Parcel(EMPTY_PARCEL)))).toMatchObject({
      code: "APPLICATION",
      outcome: "executed",
      appCode: "WEIGHTLESS",
    });
    const Strange = defineMessage("test.Strange", z.object({}));
    expect(await failed(caller.send(target, Strange({})))).toMatchObject({
      code: "MESSAGE_UNHANDLED",
      outcome: "not-executed",
    });
    const broken = { encode: () => ({ finish: () => Buffer.from([0xff]) }), decode: () => ({}) };
    const Broken = defineMessage("courier.v1.Parcel", broken);
    expect(await failed(caller.send(target, Broken({})))).toMatchObject({
      code: "PAYLOAD_INVALID",
      outcome: "not-executed",
    });
  });

  test("comes back when its host was away", async () => {
    const host = await startHostProcess();
    const worker = await startCourier(language, host.address);
    const { mark } = worker.out;
    await host.kill();
    const next = await startHostProcess({ listen: host.address });
    if (language !== "typescript") await connected(worker, mark);
    const caller = await connectWorker({ host: next.address, name: "caller" });
    onTestFinished(() => caller.close());
    const ask = () =>
      caller.send(agentId(typeOf(language), "r"), Parcel(FULL)).catch(() => undefined);
    const parcel = await eventually(ask, (reply) => reply !== undefined, "its answer", RETURN_MS);
    expect(parcel?.stamps).toEqual([stampOf(language, "r")]);
  });
});
