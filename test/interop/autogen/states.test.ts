/** The state of agents is asked for over both protocols: by control messages there, by messages here. */
import {
  ControlMessage,
  LoadStateRequest,
  LoadStateResponse,
  SaveStateRequest,
  SaveStateResponse,
} from "@agentmesh/proto/agents";
import { agentId, connectWorker, defineAgent, defineMessage } from "@agentmesh/worker-sdk";
import { describe, expect, onTestFinished, test } from "vitest";
import { AutogenPeer } from "../../support/autogen-peer.ts";
import { hostForTest } from "../../support/host.ts";

const Saved = defineMessage("agents.SaveStateResponse", SaveStateResponse);
const Save = defineMessage("agents.SaveStateRequest", SaveStateRequest, { reply: Saved });
const Loaded = defineMessage("agents.LoadStateResponse", LoadStateResponse);
const Load = defineMessage("agents.LoadStateRequest", LoadStateRequest, { reply: Loaded });

const KEEPER = { type: "keeper", key: "k/1" };

/** An agent that tells and takes its state. */
const keeper = defineAgent("keeper", {
  state: { initial: () => ({ count: 1 }) },
  handlers: (on) => [
    on(Save, (_, { state }) => ({ state: JSON.stringify(state), error: undefined })),
    on(Load, ({ state: saved }, { state }) => {
      Object.assign(state, JSON.parse(saved));
      return { error: undefined };
    }),
  ],
});

async function stage() {
  const { address } = await hostForTest();
  const worker = await connectWorker({ host: address, name: "typescript" });
  onTestFinished(() => worker.close());
  return { worker, peer: new AutogenPeer(address) };
}

/** A control channel that asks about the keeper. */
async function asker(peer: AutogenPeer) {
  const line = await peer.openControl();
  const ask = async (rpcId: string, type: string, request: Uint8Array): Promise<Buffer> => {
    const typeUrl = `type.googleapis.com/agents.${type}Request`;
    const rpcMessage = { typeUrl, value: Buffer.from(request) };
    const destination = `agentid=${KEEPER.type}/${KEEPER.key}`;
    const message = { rpcId, destination, respondTo: `clientid=${peer.clientId}`, rpcMessage };
    line.write(ControlMessage.encode(message).finish());
    const isAnswer = (bytes: Buffer): boolean => ControlMessage.decode(bytes).rpcId === rpcId;
    const answer = ControlMessage.decode(await line.arrived.first(isAnswer, "the answer"));
    expect(answer.rpcMessage?.typeUrl).toBe(`type.googleapis.com/agents.${type}Response`);
    return answer.rpcMessage?.value ?? Buffer.of();
  };
  return {
    save: async (rpcId: string) => {
      const request = SaveStateRequest.encode({ agentId: KEEPER }).finish();
      return SaveStateResponse.decode(await ask(rpcId, "SaveState", request));
    },
    load: async (rpcId: string, state: string) => {
      const request = LoadStateRequest.encode({ agentId: KEEPER, state }).finish();
      return LoadStateResponse.decode(await ask(rpcId, "LoadState", request));
    },
  };
}

describe("a client of AutoGen", () => {
  test("saves and loads the state of an agent in TypeScript", async () => {
    const { worker, peer } = await stage();
    await worker.register(keeper);
    const { save, load } = await asker(peer);
    expect(await save("1")).toEqual({ state: '{"count":1}', error: undefined });
    expect(await load("2", '{"count":7}')).toEqual({ error: undefined });
    expect(await save("3")).toEqual({ state: '{"count":7}', error: undefined });
  });

  test("is told when the agent does not want that", async () => {
    const { worker, peer } = await stage();
    await worker.register(defineAgent("keeper", { handlers: () => [] }));
    const { save, load } = await asker(peer);
    const error = expect.stringMatching(/^MESSAGE_UNHANDLED: .*agents\.(Save|Load)StateRequest/);
    expect(await save("1")).toEqual({ state: "", error });
    expect(await load("2", "{}")).toEqual({ error });
  });
});

describe("an agent in TypeScript", () => {
  const id = agentId(KEEPER.type, KEEPER.key);

  test("saves and loads the state of an agent of AutoGen", async () => {
    const { worker, peer } = await stage();
    await peer.open();
    await peer.serve("keeper");
    const line = await peer.openControl();
    let kept = '{"count":1}';
    line.arrived.each((bytes) => {
      const { rpcId, destination, respondTo = "", rpcMessage } = ControlMessage.decode(bytes);
      expect(destination).toBe("agentid=keeper/k/1");
      const isLoad = rpcMessage?.typeUrl.endsWith("LoadStateRequest") ?? false;
      if (isLoad) kept = LoadStateRequest.decode(rpcMessage?.value ?? Buffer.of()).state;
      const error = kept === "broken" ? "it is broken" : undefined;
      const value = isLoad
        ? LoadStateResponse.encode({ error }).finish()
        : SaveStateResponse.encode({ state: kept, error }).finish();
      const typeUrl = rpcMessage?.typeUrl.replace("Request", "Response") ?? "";
      const answer = { typeUrl, value: Buffer.from(value) };
      const message = { rpcId, destination: respondTo, respondTo: undefined, rpcMessage: answer };
      line.write(ControlMessage.encode(message).finish());
    });
    expect((await worker.send(id, Save({ agentId: KEEPER }))).state).toBe('{"count":1}');
    await worker.send(id, Load({ agentId: KEEPER, state: '{"count":7}' }));
    expect((await worker.send(id, Save({ agentId: KEEPER }))).state).toBe('{"count":7}');
    await expect(worker.send(id, Load({ agentId: KEEPER, state: "broken" }))).rejects.toMatchObject(
      {
        code: "HANDLER_FAILED",
        message: expect.stringContaining("it is broken"),
      },
    );
  });

  test("is told when the worker has no control channel", async () => {
    const { worker, peer } = await stage();
    await peer.open();
    await peer.serve("keeper");
    await expect(worker.send(id, Save({ agentId: KEEPER }))).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
      outcome: "not-executed",
      message: expect.stringContaining("the worker of agent keeper/k/1 has no control channel"),
    });
  });

  test("is told when the worker hangs up", async () => {
    const { worker, peer } = await stage();
    await peer.open();
    await peer.serve("keeper");
    const line = await peer.openControl();
    const sent = worker.send(id, Save({ agentId: KEEPER }));
    const ended = expect(sent).rejects.toThrow("has left without an answer");
    await line.arrived.first(() => true, "the question");
    await line.cancel();
    await ended;
  });
});
