import { FakeClock } from "@agentmesh/proto/testing";
import { encodeContent } from "@agentmesh/proto/wire";
import { expect, test } from "vitest";
import { control, done, fail, publish, reply, send, turnEnd } from "../../support/frames.ts";
import { hostForTest } from "../../support/host.ts";

/** A log that a test can look at. */
function memoryLog() {
  const lines: string[] = [];
  return {
    lines,
    write: (line: string): void => {
      lines.push(line);
    },
    /** The lines of this name. */
    named: (event: string) =>
      lines.map((line) => JSON.parse(line)).filter((it) => it.event === event),
  };
}

const SECRET = "hush-hush";

/** The secret in every place of a content that only the two ends read. */
const secretContent = encodeContent({
  messageType: `test.${SECRET}`,
  contentType: "text/plain",
  data: Buffer.from(SECRET),
  traceparent: "",
  tracestate: SECRET,
  metadata: { [SECRET]: SECRET },
  messageId: SECRET,
});

test("no line holds what messages say, nor a token, whatever goes wrong", async () => {
  const log = memoryLog();
  const token = `token-${SECRET}`;
  const mesh = await hostForTest({ token, logLevel: "debug" }, undefined, log);
  const headers = { authorization: `Bearer ${token}` };
  const worker = await mesh.worker(["a"], { headers, subscriptions: ["news -> a"] });
  worker.write(
    send(1, "a/1", "", { content: secretContent }),
    send(2, "a/2", "", { content: secretContent }),
    publish(1, "news/s", "", { content: secretContent }),
  );
  const [one, two] = [await worker.next("deliver"), await worker.next("deliver")];
  const [target] = (await worker.next("event")).targets;
  if (target === undefined) throw new Error("the event has a target");
  worker.write(
    turnEnd(one, { ending: { kind: "reply", content: secretContent } }),
    fail(two, "APPLICATION", SECRET, { appCode: SECRET, details: Buffer.from(SECRET) }),
    fail(target, "HANDLER_FAILED", SECRET, { stack: SECRET }),
  );
  await worker.result(2);
  worker.writeBytes(Buffer.from(SECRET));
  await worker.ended;
  await mesh.stranger({ headers: { authorization: `Bearer wrong-${SECRET}` } }).refused();
  expect(log.named("message.parked")).toHaveLength(1);
  expect(log.named("session.failed")).toHaveLength(1);
  expect(log.named("call.refused")).toHaveLength(1);
  expect(log.lines.filter((line) => line.includes(SECRET))).toEqual([]);
});

test("a host that anyone can reach warns of it, and one that none but its machine can does not", async () => {
  const [open, closed] = [memoryLog(), memoryLog()];
  await hostForTest(
    { listen: "0.0.0.0:0", insecurePublicAddress: true, logLevel: "warn" },
    undefined,
    open,
  );
  await hostForTest({ insecurePublicAddress: true, logLevel: "warn" }, undefined, closed);
  expect(open.named("host.exposed")).toMatchObject([{ tls: false, authentication: false }]);
  expect(closed.lines).toEqual([]);
});

test("a worker that leaves, a stale frame, a dropped event and an abandoned turn are told by name", async () => {
  const log = memoryLog();
  const mesh = await hostForTest({ logLevel: "debug" }, undefined, log);
  const caller = await mesh.worker();
  const worker = await mesh.worker(["a"], { subscriptions: ["news -> a", "news -> nobody"] });
  caller.write(send(1, "a/1", ""), publish(1, "news/1", ""));
  const deliver = await worker.next("deliver");
  worker.write(
    control({ $case: "drain", value: { request: 1 } }),
    fail(deliver, "TURN_ABANDONED"),
    reply(deliver, "too late"),
    done(...(await worker.next("event")).targets),
  );
  await worker.nextControl("answer");
  expect(log.named("session.draining")).toMatchObject([{ namespace: "default", activations: 1 }]);
  expect(log.named("event.dropped")).toMatchObject([{ target: "nobody/1" }]);
  const { activation, delivery } = deliver;
  expect(log.named("turn.abandoned")).toMatchObject([{ agent: "a/1", activation }]);
  expect(log.named("frame.stale")).toMatchObject([
    { instanceId: worker.instanceId, delivery, activation },
  ]);
});

class BrittleClock extends FakeClock {
  isBroken = false;

  override after(delayMs: number, run: () => void) {
    if (this.isBroken) throw new Error("the clock is broken");
    return super.after(delayMs, run);
  }
}

test("a defect of the host ends the session that it concerns, is not blamed on the worker, and goes into the log", async () => {
  const log = memoryLog();
  const clock = new BrittleClock();
  const mesh = await hostForTest({ logLevel: "error" }, clock, log);
  const [worker, other] = [await mesh.worker(["a"]), await mesh.worker(["a"])];
  clock.isBroken = true;
  worker.write(send(1, "a/1", ""));
  expect((await worker.ended).error?.code).toBe("INTERNAL");
  clock.isBroken = false;
  expect(log.named("host.defect")).toMatchObject([
    { text: "the clock is broken", stack: expect.stringContaining("after") },
  ]);
  other.write(send(1, "a/1", ""));
  other.write(turnEnd(await other.next("deliver")));
  expect(await other.result(1)).toEqual({ kind: "done" });
});
