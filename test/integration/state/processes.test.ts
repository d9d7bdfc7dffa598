import { agentId, connectClient } from "@agentmesh/worker-sdk";
import { expect, test } from "vitest";
import { type ProgramProcess, startHostProcess, startProgram } from "../../support/processes.ts";
import { Add, KeeperNotice, type SaveOrder } from "./protocol.ts";

/** Many more than are woken at a time. */
const ACCOUNTS = 300;

function startKeeper(host: string, saved = ""): Promise<ProgramProcess<KeeperNotice, SaveOrder>> {
  const source = new URL("./keeper.ts", import.meta.url);
  return startProgram({
    name: "a keeper",
    source,
    task: { host, saved },
    read: KeeperNotice.parse,
  });
}

test("what one process saved is continued by another, on another mesh, after the first was killed", async () => {
  const accounts = Array.from({ length: ACCOUNTS }, (_, key) => agentId("account", `${key}`));
  const add = async (host: string, amount: number): Promise<number[]> => {
    await using client = await connectClient({ host });
    const sent = accounts.map((id) => client.send(id, Add({ amount: amount + Number(id.key) })));
    return (await Promise.all(sent)).map(({ total }) => total);
  };

  const first = await startHostProcess();
  const keeper = await startKeeper(first.address);
  await add(first.address, 1_000);
  keeper.order({ kind: "save" });
  const isSaved = (notice: KeeperNotice) => notice.kind === "saved";
  const saved = await keeper.notices.first(isSaved, "the saved state");
  await keeper.kill();

  const second = await startHostProcess();
  await startKeeper(second.address, saved.kind === "saved" ? saved.text : "");
  const totals = await add(second.address, 1);
  expect(totals).toEqual(accounts.map(({ key }) => 1_001 + 2 * Number(key)));
});
