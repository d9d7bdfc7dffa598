import { createServer } from "node:net";
import { ERROR_TABLE } from "@agentmesh/proto";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../../../test/support/certificates.ts";
import { OPTION_NAMES } from "../options/fields.ts";
import { environmentName, flagName } from "../options/source.ts";
import { VERSION } from "../version.ts";
import { EXIT, type EndSignal } from "./exit-codes.ts";
import { runProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** A terminal that keeps what is written and lets a test send signals. */
class FakeTerminal implements Terminal {
  readonly env: Record<string, string>;
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly #listeners: [EndSignal, () => void][] = [];
  readonly #printed = Promise.withResolvers?.<string>() ?? withResolvers<string>();

  constructor(env: Record<string, string> = {}) {
    this.env = env;
  }

  /** The first line on stdout. */
  get firstLine(): Promise<string> {
    return this.#printed.promise;
  }

  print(line: string): void {
    this.out.push(line);
    this.#printed.resolve(line);
  }

  complain(line: string): void {
    this.err.push(line);
  }

  on(signal: EndSignal, listener: () => void): void {
    this.#listeners.push([signal, listener]);
  }

  send(signal: EndSignal): void {
    for (const [wanted, listener] of this.#listeners) if (wanted === signal) listener();
  }
}
