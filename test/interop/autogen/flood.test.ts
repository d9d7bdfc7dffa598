/** A client that declares far more than it may. */
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { AddSubscriptionRequest } from "@agentmesh/proto/agents";
import { expect, onTestFinished, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { startHostProcess } from "../../support/processes.ts";

const COUNT = 100_000;
/** Subscriptions of one client. */
const MOST = 10_000;
const AT_ONCE = 200;

test("100 000 subscriptions are refused above the limit, and slow nobody", async () => {
  const { address } = await startHostProcess();
  const [good, bad] = [new AutogenPeer(address), new AutogenPeer(address)];
  for (const peer of [good, bad]) await peer.open();
  await good.serve("good");
  good.echo("good");
  await bad.serve("bad");
  const session = connect(`http://${address}`);
  onTestFinished(() => session.destroy());
  const refusals: string[] = [];
  const lane = async (from: number): Promise<void> => {
    for (let index = from; index < COUNT; index += AT_ONCE) {
      const refusal = await subscribe(session, bad.clientId, index);
      if (refusal !== undefined) refusals.push(refusal);
      // Among all that, others are answered.
      if (index % 10_000 === 0) expect((await good.request("good/1", "well?")).error).toBe("");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, from) => lane(from)));
  expect(refusals).toHaveLength(COUNT - MOST);
  expect(decodeURIComponent(refusals[0] ?? "")).toMatch(/^8 OVERLOADED: .* 10000 subscriptions/);
  expect(await good.subscriptions()).toHaveLength(MOST);
}, 120_000);

/**
 * AddSubscription without a gRPC client, which would be the slowest part by far.
 * @returns undefined, or how it was refused.
 */
async function subscribe(
  session: ClientHttp2Session,
  clientId: string,
  index: number,
): Promise<string | undefined> {
  const value = { topicType: `topic-${index}`, agentType: "bad" };
  const subscription = { $case: "typeSubscription", value } as const;
  const request = { subscription: { id: `${index}`, subscription } };
  const stream = session.request({
    ":method": "POST",
    ":path": "/agents.AgentRpc/AddSubscription",
    "content-type": "application/grpc",
    te: "trailers",
    "client-id": clientId,
  });
  let status: IncomingHttpHeaders = {};
  const keep = (headers: IncomingHttpHeaders): void => {
    status = { ...status, ...headers };
  };
  stream.on("response", keep).on("trailers", keep);
  stream.end(framed(AddSubscriptionRequest.encode(request).finish()));
  stream.resume();
  await once(stream, "close");
  const { "grpc-status": code, "grpc-message": text } = status;
  return code === "0" ? undefined : `${code} ${text}`;
}

/** A message as gRPC frames it. */
function framed(message: Uint8Array): Buffer {
  const framing = Buffer.alloc(5);
  framing.writeUInt32BE(message.length, 1);
  return Buffer.concat([framing, message]);
}
