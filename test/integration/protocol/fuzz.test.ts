import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeBatch } from "../../support/batches.ts";
import {
  agentType,
  chunk,
  control,
  done,
  publish,
  reply,
  send,
  subscription,
} from "../../support/frames.ts";
import { startHost, type TestHost } from "../../support/host.ts";
import type { RawWorker } from "../../support/raw-worker.ts";

const turn = { delivery: 1, activation: 1 };
/** One valid batch of most kinds, to be broken. */
const SEEDS = [
  encodeBatch([send(1, "a/1", "text", { streamChunks: 3, streamBytes: 300 })], 1),
  encodeBatch([publish(1, "news/s", "text"), publish(2, "news/s", "text")], 1),
  encodeBatch([reply(turn, "text"), chunk(turn, "text"), done(turn, turn)], 1),
  encodeBatch(
    [
      { kind: "cancel", request: 1 },
      { kind: "stream-credit", stream: 1, chunks: 1, bytes: 1 },
    ],
    1,
  ),
  encodeBatch(
    [
      control({ $case: "registerAgentType", value: { request: 1, agentType: agentType("b") } }),
      control({
        $case: "subscribe",
        value: { request: 2, subscription: subscription("s", "x*", "b") },
      }),
      control({ $case: "release", value: { deliveries: [1, 2, 3] } }),
      control({ $case: "idle", value: { activations: [1, 2, 3] } }),
      control({ $case: "capacity", value: { maxInFlight: 3 } }),
      control({ $case: "ping", value: { nonce: 3 } }),
    ],
    1,
  ),
];

interface Damage {
  readonly seed: number;
  readonly flips: readonly { readonly at: number; readonly to: number }[];
  readonly cutTo: number;
  readonly tail: Uint8Array;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  seed: fc.nat(SEEDS.length - 1),
  flips: fc.array(fc.record({ at: fc.nat(200), to: fc.nat(255) }), { maxLength: 4 }),
  cutTo: fc.integer({ min: 1, max: 250 }),
  tail: fc.uint8Array({ maxLength: 12 }),
});

function damaged({ seed, flips, cutTo, tail }: Damage): Buffer {
  const bytes = Buffer.from(SEEDS[seed] ?? Buffer.alloc(0));
  for (const { at, to } of flips) bytes[at % bytes.length] = to;
  return Buffer.concat([bytes.subarray(0, cutTo), tail]);
}

let mesh: TestHost;
let bystander: RawWorker;

beforeAll(async () => {
  mesh = await startHost();
  bystander = await mesh.worker(["calm"]);
});

afterAll(() => mesh.close());

/** Whether the session took the bytes or ended over them; either way the host has dealt with them. */
async function fate(worker: RawWorker): Promise<string> {
  worker.writeUnnumbered(control({ $case: "ping", value: { nonce: 4711 } }));
  const pong = worker.nextControl("pong").then(() => "goes on");
  const end = worker.ended.then(({ error }) => error?.code ?? "no code");
  const first = await Promise.race([pong.catch(() => end), end]);
  end.catch(() => {});
  return first;
}

test("whatever bytes a worker sends, its session goes on or ends with a reason, and no other notices", async () => {
  await fc.assert(
    fc.asyncProperty(damage, async (how) => {
      const worker = await mesh.worker(["a"], { subscriptions: ["news -> a"] });
      worker.writeBytes(damaged(how));
      expect(["goes on", "PROTOCOL_VIOLATION", "FORBIDDEN", "CLOSED"]).toContain(
        await fate(worker),
      );
      await worker.close();
      const asked = bystander.ask("calm/1", "still here?");
      bystander.write(reply(await bystander.next("deliver"), "yes"));
      expect((await asked).kind).toBe("reply");
    }),
    { numRuns: 150 },
  );
});

test("whatever bytes a stranger greets with, it is welcomed or told why not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
      const stream = mesh.stream();
      stream.write(Buffer.from(bytes));
      const { error } = await stream.ended;
      expect(error?.code).toBe("PROTOCOL_VIOLATION");
    }),
    { numRuns: 100 },
  );
});

test("whatever bytes a client sends, its call ends with a status", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("Send", "Publish"),
      fc.uint8Array({ maxLength: 60 }),
      async (method, bytes) => {
        const outcome = await mesh.client.call(`ClientService/${method}`, bytes).outcome;
        if (outcome.kind === "failed")
          expect(outcome.error?.code).toMatch(/INVALID_ARGUMENT|AGENT_TYPE_UNKNOWN/);
      },
    ),
    { numRuns: 200 },
  );
});
