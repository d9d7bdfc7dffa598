/** Real workers of AutoGen beside a worker in TypeScript: they talk, and what happens to one harms only its own agents. */
import path from "node:path";
import { agentId, connectWorker, defineAgent, defineMessage, topicId } from "@agentmesh/worker-sdk";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { folderForTest } from "../../support/folder.ts";
import { Journal } from "../../support/journal.ts";
import { startHostProcess } from "../../support/processes.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { Puppet } from "./puppet.ts";
import { HAS_AUTOGEN, PYTHON, SCENARIO_MS } from "./python.ts";

const Note = defineMessage("Note", z.object({ text: z.string() }));
const Ask = defineMessage("Note", z.object({ text: z.string() }), { reply: Note });

/** So that a worker that says nothing is noticed soon. */
const WATCHFUL = { heartbeatMs: 250, livenessMs: 1_000, leaseMs: 500 };

/** A worker in TypeScript with one agent type, `clerk`, which is subscribed to `news`. */
async function typescript(address: string) {
  const worker = await connectWorker({ host: address, name: "typescript" });
  onTestFinished(() => worker.close());
  const heard = new Journal<string>("the clerk");
  const clerk = defineAgent("clerk", {
    subscriptions: ["news"],
    handlers: (on) => [
      on(Ask, ({ text }, { kind, self, sender }) => {
        heard.add(text);
        if (text === "fail") throw new Error("the clerk was told to fail");
        return { text: `${self.text} heard ${text} from ${sender?.text} by ${kind}` };
      }),
    ],
  });
  await worker.register(clerk);
  const ask = async (target: string, text: string): Promise<string> => {
    const [type = "", key = ""] = target.split("/");
    return (await worker.send(agentId(type, key), Ask({ text }))).text;
  };
  return { worker, heard, ask };
}

describe.runIf(HAS_AUTOGEN)(
  "workers of AutoGen and of TypeScript",
  { timeout: SCENARIO_MS },
  () => {
    test("reach each other by send and publish", async () => {
      const { address } = await startHostProcess();
      const { worker, heard, ask } = await typescript(address);
      const puppet = await Puppet.start(PYTHON, address);
      await puppet.serve("teller", "news");
      expect(await ask("teller/t", "hello")).toBe("teller/t heard hello");
      expect(await puppet.send("clerk/c", "hello")).toBe(
        "clerk/c heard hello from undefined by send",
      );
      await expect(ask("teller/t", "fail")).rejects.toThrow("it was told to fail");
      await expect(puppet.send("clerk/c", "fail")).rejects.toThrow("the clerk was told to fail");
      await worker.publish(topicId("news", "a"), Note({ text: "from TypeScript" }));
      expect((await puppet.heard(3)).at(-1)).toBe("teller/a: from TypeScript");
      await puppet.publish("news/a", "from Python");
      await heard.first((text) => text === "from Python", "the event");
    });

    test("lose nothing that a durable subscription matches by kill -9 of the host", async () => {
      const data = path.join(folderForTest(), "data");
      const first = await startHostProcess({ data });
      const declarer = await connectWorker({ host: first.address });
      onTestFinished(() => declarer.close());
      await declarer.subscribe({ type: "archive" }, "clerk", { durable: { name: "archive" } });
      const puppet = await Puppet.start(PYTHON, first.address);
      await puppet.publish("archive/a", "#", 100);
      // The refusal comes after the host has taken the events, and what is accepted after them is stored after them.
      await expect(puppet.send("nobody/x", "?")).rejects.toThrow(/^AGENT_TYPE_UNKNOWN: .*nobody/);
      await declarer.publish(topicId("archive", "a"), Note({ text: "100" }));
      await declarer.close();
      await first.kill();
      await puppet.lost();

      const second = await startHostProcess({ data });
      const { heard } = await typescript(second.address);
      const texts = await heard.several(() => true, 101, "all events");
      expect(texts).toEqual(Array.from({ length: 101 }, (_, number) => `${number}`));
    });

    test("repeat nothing when their link breaks", async () => {
      const { address } = await startHostProcess();
      const { worker, heard } = await typescript(address);
      const proxy = await startTcpProxy(address);
      const puppet = await Puppet.start(PYTHON, proxy.address);
      await puppet.publish("news/a", "#", 5);
      await heard.several(() => true, 5, "five events");
      proxy.cut("reset");
      // A stream that had no headers from its host would be opened again, and all that was written written again.
      await puppet.lost();
      await worker.publish(topicId("news", "a"), Note({ text: "last" }));
      await heard.first((text) => text === "last", "the last event");
      expect(heard.entries).toEqual(["0", "1", "2", "3", "4", "last"]);
    });

    test("are not troubled by one that writes what none should", async () => {
      const { address } = await startHostProcess();
      const { ask } = await typescript(address);
      const [good, bad] = await servingPuppets(address, "good", "bad");
      await bad.rave();
      expect(await good.send("bad/1", "well?")).toBe("bad/1 heard well?");
      expect(await bad.send("good/1", "well?")).toBe("good/1 heard well?");
      expect(await ask("good/1", "well?")).toBe("good/1 heard well?");
    });

    test.each([
      ["killed", "SIGKILL", /WORKER_LOST: AutoGen client \S+ was lost: its stream was cancelled/],
      [
        "frozen",
        "SIGSTOP",
        /WORKER_LOST: AutoGen client \S+ was lost: no sign of life for 1000 ms/,
      ],
    ] as const)(
      "are told so when one is %s, and nobody else is harmed",
      async (_, signal, error) => {
        const { address } = await startHostProcess(WATCHFUL);
        const { ask } = await typescript(address);
        const [good, bad] = await servingPuppets(address, "good", "bad");
        const callers = [ask("bad/1", "wait"), good.send("bad/2", "wait")];
        const ends = Promise.all(callers.map((call) => expect(call).rejects.toThrow(error)));
        await bad.heard(2);
        if (signal === "SIGKILL") await bad.process.kill();
        else bad.process.signal(signal);
        await ends;
        expect(await ask("good/1", "well?")).toBe("good/1 heard well?");
        expect(await good.send("clerk/c", "well?")).toMatch(/^clerk\/c heard well\?/);
      },
    );

    test("go on beside one that is flooded and frozen", async () => {
      const { address } = await startHostProcess();
      const { ask, heard } = await typescript(address);
      const [good, bad] = await servingPuppets(address, "good", "bad", "news");
      bad.process.signal("SIGSTOP");
      const count = 3_000;
      const flooder = await Puppet.start(PYTHON, address);
      const flooding = flooder.publish("news/a", `#${" ".repeat(4_000)}`, count);
      // Among the flood, agents of both kinds are answered.
      for (let turn = 0; turn < 20; turn++) expect(await ask("good/1", "well?")).toContain("well?");
      await flooding;
      const isFlood = (text: string): boolean => text !== "well?";
      const texts = await heard.several(isFlood, count, "the flood", { limitMs: 20_000 });
      expect(texts.map(Number)).toEqual(Array.from({ length: count }, (_, number) => number));
      expect(await good.send("clerk/c", "well?")).toMatch(/^clerk\/c heard well\?/);
    });
  },
);

/** A worker of AutoGen for each type, the last argument aside, to which all of them are subscribed. */
async function servingPuppets(
  address: string,
  ...[one, two, ...topics]: readonly [string, string, ...string[]]
): Promise<readonly [Puppet, Puppet]> {
  const [first, second] = await Promise.all([
    Puppet.start(PYTHON, address),
    Puppet.start(PYTHON, address),
  ]);
  await first.serve(one, ...topics);
  await second.serve(two, ...topics);
  return [first, second];
}
