import { type MeshError, meshError } from "@agentmesh/proto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createHost } from "../../host.ts";
import type { Host } from "../../host-handle.ts";
import type { OptionName } from "../../options/fields.ts";
import { EXIT } from "../exit-codes.ts";
import { MemoryTerminal } from "../memory-terminal.ts";
import { runHost } from "./host.ts";

vi.mock("../../host.ts", () => ({ createHost: vi.fn() }));

const NEVER = new Promise<never>(() => {});
const NO_FLAGS: ReadonlyMap<OptionName, string | true> = new Map();

/** A host that drains and closes as the test says, and tells when it is asked to. */
class ScriptedHost implements Host {
  readonly address = "127.0.0.1:7";
  readonly port = 7;
  readonly hostId = "scripted";
  readonly asked: string[] = [];
  draining: Promise<void> = Promise.resolve();
  closing: Promise<void> = Promise.resolve();
  ended: Promise<MeshError | undefined> = NEVER;
  #onAsked: (() => void) | undefined;

  drain(options?: { readonly graceMs?: number }): Promise<void> {
    this.#note(`drain ${options?.graceMs}`);
    return this.draining;
  }

  close(): Promise<void> {
    this.#note("close");
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async backup(folder: string): Promise<void> {
    this.#note(`backup ${folder}`);
  }

  /** Resolves when `drain` or `close` is called next. */
  nextCall(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAsked = resolve;
    });
  }

  #note(what: string): void {
    this.asked.push(what);
    this.#onAsked?.();
  }
}

let host: ScriptedHost;
let terminal: MemoryTerminal;

beforeEach(() => {
  host = new ScriptedHost();
  terminal = new MemoryTerminal();
  vi.mocked(createHost).mockReset().mockResolvedValue(host);
});

async function startAndDrain(signal: "SIGINT" | "SIGTERM"): Promise<{ finished: Promise<number> }> {
  const finished = runHost(new Map([["drainGraceMs", "250"]]), terminal);
  await terminal.firstLine;
  const drained = host.nextCall();
  terminal.send(signal);
  await drained;
  return { finished };
}

describe("a signal", () => {
  test("drains with the grace of the options and ends with 0", async () => {
    const { finished } = await startAndDrain("SIGINT");
    expect(await finished).toBe(EXIT.ok);
    expect(host.asked).toEqual(["drain 250"]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("that repeats as %s closes at once and ends with %i", async (signal, exitCode) => {
    host.draining = NEVER;
    const { finished } = await startAndDrain("SIGTERM");
    terminal.send(signal);
    expect(await finished).toBe(exitCode);
    expect(host.asked).toEqual(["drain 250", "close"]);
  });

  test("for the third time ends even a host that does not close", async () => {
    host.draining = NEVER;
    host.closing = NEVER;
    const { finished } = await startAndDrain("SIGTERM");
    const closed = host.nextCall();
    terminal.send("SIGTERM");
    await closed;
    terminal.send("SIGTERM");
    expect(await finished).toBe(143);
  });

  test("during the start ends at once", async () => {
    vi.mocked(createHost).mockReturnValue(NEVER);
    const finished = runHost(NO_FLAGS, terminal);
    terminal.send("SIGINT");
    expect(await finished).toBe(130);
    expect(terminal.out).toEqual([]);
  });
});

describe("a host that has closed by itself", () => {
  test("because it was drained over the wire ends the command with 0", async () => {
    host.ended = Promise.resolve(undefined);
    expect(await runHost(NO_FLAGS, terminal)).toBe(EXIT.ok);
    expect(host.asked).toEqual([]);
  });

  test("because its data folder is of no use any more ends it with why", async () => {
    host.ended = Promise.resolve(meshError("STORE_UNAVAILABLE", "the disk is gone"));
    await expect(runHost(NO_FLAGS, terminal)).rejects.toMatchObject({
      exitCode: EXIT.config,
      message: "data: the disk is gone",
    });
  });
});

describe("a start that fails", () => {
  test.each([
    ["bind EADDRINUSE 127.0.0.1:50051", EXIT.address, "the port is in use"],
    ["listen EACCES: permission denied", EXIT.address, "permission denied; ports below 1024"],
    ["getaddrinfo EAI_AGAIN mesh", EXIT.address, "the host name does not resolve"],
    ["Name resolution failed for target dns:mesh", EXIT.address, "the host name does not resolve"],
  ])("with %j ends with %i", async (message, exitCode, text) => {
    vi.mocked(createHost).mockRejectedValue(meshError("INVALID_ARGUMENT", message));
    await expect(runHost(NO_FLAGS, terminal)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(`cannot listen on 127.0.0.1:50051: ${text}`),
    });
  });

  test("over a defect is passed on", async () => {
    const defect = new TypeError("x is not a function");
    vi.mocked(createHost).mockRejectedValue(defect);
    await expect(runHost(NO_FLAGS, terminal)).rejects.toBe(defect);
  });
});
