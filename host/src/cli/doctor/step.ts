import type { Address } from "../../options/address.ts";
import type { Connection } from "../client/connection-flags.ts";
import type { ExitName } from "../exit-codes.ts";

/** What a step has found. */
export type Finding =
  | { readonly state: "ok"; readonly text: string }
  /** It works, and may not be what was meant. */
  | { readonly state: "warning"; readonly text: string; readonly advice: string }
  /** It does not work: later steps make no sense. */
  | {
      readonly state: "failed";
      readonly text: string;
      /** What to do. */
      readonly advice: string;
      readonly exit: ExitName;
    }
  /** An earlier step has failed. */
  | { readonly state: "skipped"; readonly text: string };

/** What is examined, and what the steps have found out for those behind them. */
export interface Examination {
  readonly address: Address;
  readonly connection: Connection;
  /** Agent types that somebody must announce. */
  readonly types: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the name leads to. */
  ips: readonly string[];
  /** The first of them that takes connections. */
  ip: string;
}

/** One thing that must hold before the next one can. Never rejects. */
export interface Step {
  readonly name: string;
  run(examination: Examination): Promise<Finding>;
}

/** A finding under the name of its step. */
export type Report = Finding & { readonly step: string };

export function ok(text: string): Finding {
  return { state: "ok", text };
}

export function warning(text: string, advice: string): Finding {
  return { state: "warning", text, advice };
}

export function failed(exit: ExitName, text: string, advice: string): Finding {
  return { state: "failed", text, advice, exit };
}

/** Takes the steps one after the other; those behind a failed one are skipped. */
export async function* examine(
  steps: readonly Step[],
  examination: Examination,
): AsyncGenerator<Report> {
  let broken = false;
  for (const { name, run } of steps) {
    const finding: Finding = broken
      ? { state: "skipped", text: "not tried" }
      : await run(examination);
    broken ||= finding.state === "failed";
    yield { step: name, ...finding };
  }
}
