import { expect, test } from "vitest";
import { eventually } from "../../support/waiting.ts";
import { json, run, start } from "./agentmesh.ts";
import { startTemple } from "./oracle.ts";

test("drain worker moves the agents off a worker, by name or session", async () => {
  const { env } = await startTemple();
  await run(["send", "oracle/delphi", "demo.Forget"], { env });
  expect(await run(["drain", "worker", "oracle-1"], { env })).toEqual({
    ended: 0,
    out: "oracle-1 has drained\n",
    err: "",
  });
  const listed = (await json(["workers"], { env })) as { workers: { sessionId: string }[] };
  expect(listed).toMatchObject({ workers: [{ phase: "draining", agentsActive: 0 }] });
  const sessionId = listed.workers[0]?.sessionId ?? "";
  expect(await json(["drain", "worker", sessionId.slice(0, 8)], { env })).toEqual({
    sessionId,
    name: "oracle-1",
    drained: true,
  });
});

test("drain host ends the host as a signal would", async () => {
  const { env, host } = await startTemple();
  expect(await json(["drain", "host", "--grace-ms", "1000"], { env })).toEqual({ draining: true });
  expect(await host.ended).toEqual({ code: 0, signal: null });
});

test("a host that drains refuses what is new with a code of its own", async () => {
  const { env, host } = await startTemple();
  const waiting = start(["send", "oracle/delphi", "demo.Wait"], { env });
  const tail = start(["tail", "--count", "1"], { env });
  await tail.errors.first((line) => line.startsWith("following"), "the tail", { limitMs: 15_000 });
  // The host has work in flight: it drains, and does not end.
  const status = async () => (await json(["status"], { env })) as { inFlight: number };
  await eventually(status, ({ inFlight }) => inFlight > 0, "the send to be in flight", 20_000);
  await run(["drain", "host", "--grace-ms", "60000"], { env });
  const [send, doctor] = await Promise.all([
    run(["send", "oracle/rome", "demo.Forget"], { env }),
    run(["doctor"], { env }),
  ]);
  expect(send).toMatchObject({ ended: 10, err: expect.stringContaining("HOST_DRAINING") });
  expect(doctor.ended).toBe(10);
  expect(doctor.out).toContain("failed   health     the host is draining and takes nothing new\n");
  waiting.signal("SIGTERM");
  expect((await waiting.finished).ended).toBe(143);
  expect(await host.ended).toEqual({ code: 0, signal: null });
});
