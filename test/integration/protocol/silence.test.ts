import { FakeClock } from "@agentmesh/proto/testing";
import { expect, test } from "vitest";
import { chunk, control } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

test("a worker that has stopped is noticed within ten seconds, by default", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  await mesh.worker([], { answersPings: false });
  clock.advance(10_000);
  await mesh.untilStatus(
    ({ workersSuspended }) => workersSuspended === 1,
    "the silent worker to be suspended",
  );
});

test("a worker that answers pings is never taken for one that has stopped", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({}, clock);
  const worker = await mesh.worker();
  for (let beats = 0; beats < 10; beats++) {
    clock.advance(2_500);
    await worker.nextControl("ping");
    worker.writeUnnumbered(control({ $case: "ping", value: { nonce: beats } }));
    await worker.nextControl("pong");
  }
  expect((await mesh.client.status()).workersSuspended).toBe(0);
});

/** Frames that the host answers with nothing: what it sends is its acknowledgement. */
const mute = (text: string) => chunk({ delivery: 9, activation: 9 }, text);

test("the host acknowledges 128 frames at once, without waiting for the time to pass", async () => {
  const mesh = await hostForTest({}, new FakeClock());
  const worker = await mesh.worker();
  worker.write(...Array.from({ length: 127 }, () => mute("")));
  await mesh.client.status();
  expect(worker.unacknowledged).toBe(127);
  worker.write(mute(""));
  await worker.untilAcknowledged();
});

test("the host acknowledges 256 KiB at once", async () => {
  const mesh = await hostForTest({}, new FakeClock());
  const worker = await mesh.worker();
  worker.write(mute("x".repeat(256 * 1024)));
  await worker.untilAcknowledged();
});
