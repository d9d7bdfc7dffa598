/** The control channels: every question about the state of an agent gets an answer. */
import {
  ControlMessage,
  LoadStateRequest,
  LoadStateResponse,
  SaveStateRequest,
  SaveStateResponse,
} from "@agentmesh/proto/agents";
import { FakeClock } from "@agentmesh/proto/testing";
import { describe, expect, test } from "vitest";
import type { AutogenChannel } from "../../support/autogen-channel.ts";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";

const agentId = { type: "keeper", key: "k1" };
const SAVE = {
  typeUrl: "type.googleapis.com/agents.SaveStateRequest",
  value: Buffer.from(SaveStateRequest.encode({ agentId }).finish()),
};
const LOAD = {
  typeUrl: "type.googleapis.com/agents.LoadStateRequest",
  value: Buffer.from(LoadStateRequest.encode({ agentId, state: "{}" }).finish()),
};

async function stage() {
  const mesh = await hostForTest();
  const [asker, keeper] = [new AutogenPeer(mesh.address), new AutogenPeer(mesh.address)];
  const channel = await asker.openControl();
  const ask = (rpcId: string, destination: string, rpcMessage = SAVE): Promise<ControlMessage> => {
    const respondTo = `clientid=${asker.clientId}`;
    const message = { rpcId, destination, respondTo, rpcMessage };
    channel.write(ControlMessage.encode(message).finish());
    return answerOn(channel, rpcId);
  };
  return { mesh, keeper, ask };
}

async function answerOn(channel: AutogenChannel, rpcId: string): Promise<ControlMessage> {
  const isIt = (bytes: Buffer): boolean => ControlMessage.decode(bytes).rpcId === rpcId;
  return ControlMessage.decode(await channel.arrived.first(isIt, `the answer to ${rpcId}`));
}

function errorIn({ rpcMessage }: ControlMessage): string | undefined {
  const value = rpcMessage?.value ?? Buffer.alloc(0);
  return rpcMessage?.typeUrl.endsWith("SaveStateResponse")
    ? SaveStateResponse.decode(value).error
    : LoadStateResponse.decode(value).error;
}

describe("a question", () => {
  test.each([
    [
      "to an agent that nobody has",
      "agentid=nobody/1",
      /^AGENT_TYPE_UNKNOWN: no worker announced agent type "nobody"/,
    ],
    ["to a client that is not there", "clientid=x", /^client x has no control channel$/],
    ["to nowhere", "keeper/1", /^the destination keeper\/1 is neither agentid=/],
  ])("%s is answered with an error", async (_, destination, error) => {
    const { ask } = await stage();
    expect(errorIn(await ask("save", destination))).toMatch(error);
    expect(errorIn(await ask("load", destination, LOAD))).toMatch(error);
  });

  test("to an agent whose worker has no control channel is answered with an error", async () => {
    const { keeper, ask } = await stage();
    await keeper.open();
    await keeper.serve("keeper");
    expect(errorIn(await ask("save", "agentid=keeper/k1"))).toMatch(/has no control channel$/);
  });

  test("is answered with an error when the one who was asked leaves", async () => {
    const { keeper, ask } = await stage();
    const line = await keeper.openControl();
    await keeper.serve("keeper");
    const answer = ask("save", "agentid=keeper/k1");
    await line.arrived.first(() => true, "the question");
    await line.cancel();
    expect(errorIn(await answer)).toMatch(/has left without an answer$/);
  });
});

describe("what is larger than the host takes", () => {
  const large = (typeUrl: string) => ({ typeUrl, value: Buffer.alloc(6 * 1024 * 1024) });

  test("is refused as a question, and the channel goes on", async () => {
    const { keeper, ask } = await stage();
    await keeper.openControl();
    await keeper.serve("keeper");
    const error = /^the question has 62\d{5} bytes; the most is 4194304$/;
    expect(errorIn(await ask("load", "agentid=keeper/k1", large(LOAD.typeUrl)))).toMatch(error);
    expect(errorIn(await ask("next", "nowhere"))).toMatch(/^the destination nowhere/);
  });

  test("is told as an answer to who has asked, and the channel goes on", async () => {
    const { keeper, ask } = await stage();
    const line = await keeper.openControl();
    await keeper.serve("keeper");
    const saved = SAVE.typeUrl.replace("Request", "Response");
    line.arrived.each((bytes) => {
      const { rpcId, respondTo = "" } = ControlMessage.decode(bytes);
      const rpcMessage = rpcId === "first" ? large(saved) : { typeUrl: saved, value: Buffer.of() };
      const answer = { rpcId, destination: respondTo, respondTo: undefined, rpcMessage };
      line.write(ControlMessage.encode(answer).finish());
    });
    const error = /^the answer has 62\d{5} bytes; the most is 4194304$/;
    expect(errorIn(await ask("first", "agentid=keeper/k1"))).toMatch(error);
    expect(errorIn(await ask("second", "agentid=keeper/k1"))).toBeUndefined();
  });
});

test("a client that has only a control channel is not forgotten", async () => {
  const clock = new FakeClock();
  const mesh = await hostForTest({ sessionGraceMs: 10_000, livenessMs: 1e6 }, clock);
  const [asker, keeper] = [new AutogenPeer(mesh.address), new AutogenPeer(mesh.address)];
  const line = await keeper.openControl();
  await keeper.serve("keeper");
  for (let round = 0; round < 3; round++) clock.advance(10_000);
  const message = { rpcId: "1", respondTo: undefined, rpcMessage: SAVE };
  const destination = "agentid=keeper/k1";
  const bytes = ControlMessage.encode({ ...message, destination }).finish();
  (await asker.openControl()).write(bytes);
  expect(await line.arrived.first(() => true, "the question")).toBeDefined();
});

test("the newest control channel of a client wins", async () => {
  const { keeper, ask } = await stage();
  const first = await keeper.openControl();
  await keeper.serve("keeper");
  const second = await keeper.openControl();
  expect((await first.ended).details).toMatch(/^SESSION_SUPERSEDED/);
  void ask("save", "agentid=keeper/k1").catch(() => {});
  expect(await second.arrived.first(() => true, "the question")).toBeDefined();
  await second.cancel();
});
