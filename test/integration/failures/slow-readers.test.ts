import { type AgentId, agentId, type Worker } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { startHostProcess } from "../../support/processes.ts";
import { RECOVERY_MS, startCaller, startReader, startWorker, type WorkerProcess } from "./mesh.ts";
import { CountUp, Meter, Work } from "./programs/messages.ts";

/** The window of a stream, as the protocol's manual tells it. */
const WINDOW_CHUNKS = 64;
const WINDOW_BYTES = 256 * 1024;
/** An element that was asked of the handler and waits for room, and one that the writer has in its hand. */
const AHEAD = 2;
const ENDLESS = Number.MAX_SAFE_INTEGER;

/** Reads some numbers and then no more. */
async function readSome(numbers: AsyncIterator<{ number: number }>, count: number): Promise<void> {
  for (let expected = 1; expected <= count; expected++) {
    expect(await numbers.next()).toMatchObject({ done: false, value: { number: expected } });
  }
}

/**
 * How many numbers the worker has made. First there is traffic enough for whoever writes without a limit to go on
 * writing: the same host and worker handle all of it.
 */
async function madeSoFar(caller: Worker, name: string): Promise<number> {
  for (let sequence = 1; sequence <= 300; sequence++) {
    await caller.send(agentId("probe", "other"), Work({ sender: "meter", sequence }));
  }
  return (await caller.send(agentId("probe", "meter"), Meter({ name }))).numbers;
}

async function streamOver({ notices }: WorkerProcess, name: string): Promise<number> {
  const isIt = (notice: (typeof notices.entries)[number]): boolean =>
    notice.kind === "stream-over" && notice.name === name;
  const what = `the handler of ${name} to end`;
  const over = await notices.first(isIt, what, { limitMs: RECOVERY_MS });
  return over.kind === "stream-over" ? over.numbers : 0;
}

test.each([
  { what: "small elements", fillerCharacters: 10, window: WINDOW_CHUNKS },
  { what: "large elements", fillerCharacters: 40_000, window: Math.ceil(WINDOW_BYTES / 40_000) },
])(
  "a reader of $what that stops reading stops the writer, and ends it when it leaves",
  async (row) => {
    const host = await startHostProcess();
    const worker = await startWorker("writing", { host: host.address });
    const { worker: caller } = await startCaller({ host: host.address });
    const counter: AgentId = agentId("probe", "counter");
    const { fillerCharacters, window } = row;
    const message = CountUp({ name: "slow", upTo: ENDLESS, fillerCharacters });
    const numbers = caller.stream(counter, message)[Symbol.asyncIterator]();
    await readSome(numbers, 3);
    const made = await madeSoFar(caller, "slow");
    expect(made).toBeGreaterThanOrEqual(window);
    expect(made).toBeLessThanOrEqual(3 + window + AHEAD);

    // It goes on where it stood, and stands again.
    for (let more = 0; more < 4 * window; more++) await numbers.next();
    const madeThen = await madeSoFar(caller, "slow");
    expect(madeThen).toBeGreaterThanOrEqual(3 + 4 * window);
    expect(madeThen).toBeLessThanOrEqual(3 + 5 * window + AHEAD);

    await numbers.return?.();
    expect(await streamOver(worker, "slow")).toBeLessThanOrEqual(3 + 5 * window + AHEAD);
    const next = await caller.send(counter, Work({ sender: "caller", sequence: 1 }));
    expect(next).toMatchObject({ worker: "writing", count: 1 });
  },
);

test("a reader whose process dies ends the writer", async () => {
  const host = await startHostProcess({ leaseMs: 300, sessionGraceMs: 600 });
  const worker = await startWorker("writing", { host: host.address });
  const { worker: caller } = await startCaller({ host: host.address });
  const target = "probe/counter";
  const reader = await startReader({ host: host.address, target, stream: "dead", take: 10 });
  await reader.notices.first(({ kind }) => kind === "taken", "its numbers", {
    limitMs: RECOVERY_MS,
  });
  const made = await madeSoFar(caller, "dead");
  expect(made).toBeLessThanOrEqual(10 + WINDOW_CHUNKS + AHEAD);
  await reader.kill();
  expect(await streamOver(worker, "dead")).toBe(made);
});
