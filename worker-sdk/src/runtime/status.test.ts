import { describe, expect, test } from "vitest";
import { scripted, settled } from "../test-doubles/scripted-mesh.ts";
import type { RuntimeStatus } from "./status.ts";

describe("the status", () => {
  const connected: RuntimeStatus = {
    kind: "connected",
    hostId: "h",
    address: "a:1",
    resumed: false,
  };

  async function read(statuses: AsyncIterable<RuntimeStatus>): Promise<string[]> {
    const kinds: string[] = [];
    for await (const { kind } of statuses) kinds.push(kind);
    return kinds;
  }

  test("is told to every reader from the current one on, until it is closed", async () => {
    const { runtime, core } = scripted();
    const early = read(runtime.status);
    core.status(connected);
    await settled();
    const late = read(runtime.status);
    core.status({ kind: "suspended", reason: "cut" });
    await runtime.close();
    expect(await early).toEqual(["connecting", "connected", "suspended", "closed"]);
    expect(await late).toEqual(["connected", "suspended", "closed"]);
    expect(await read(runtime.status)).toEqual(["closed"]);
  });

  test("stays at draining until it is closed, whatever becomes of the way to the mesh", async () => {
    const { runtime, core, mesh } = scripted();
    mesh.answer = () => new Promise(() => {});
    const kinds = read(runtime.status);
    const drained = runtime.drain();
    core.status({ kind: "suspended", reason: "cut" });
    core.status(connected);
    expect(runtime.currentStatus.kind).toBe("draining");
    core.status({ kind: "lapsed", reason: "cut" });
    core.lapsed();
    await drained;
    expect(await kinds).toEqual(["connecting", "draining", "closed"]);
  });

  test("does not pile up for a slow reader", async () => {
    const { runtime, core } = scripted();
    const reader = runtime.status[Symbol.asyncIterator]();
    for (let n = 0; n < 1_000; n++) core.status({ kind: "suspended", reason: String(n) });
    const first = await reader.next();
    expect(first.value).toEqual({ kind: "suspended", reason: "936" });
    await reader.return?.();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
