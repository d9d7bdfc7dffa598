/** What users of AutoGen expect of a host, each with where that is written, and how real workers of theirs try it. */
import { execFile } from "node:child_process";
import path from "node:path";
import { ROOT } from "../environment.ts";

export interface Scenario {
  /** Name of its function in scenarios.py. */
  readonly name: string;
  readonly title: string;
  /** A test of AutoGen's own suite for its distributed runtime, or what its users ask for. */
  readonly source: string;
}

function row(name: string, title: string, source: string): Scenario {
  return { name, title, source };
}

/** What users ask for and AutoGen's own host does not do. */
function wish(name: string, title: string): Scenario {
  return { name, title, source: "asked for" };
}

export const SCENARIOS: readonly Scenario[] = [
  row("rpc_is_answered", "a send is answered by a worker in another process", "rpc sample"),
  row(
    "type_is_unique_in_a_worker",
    "a worker cannot register a type twice",
    "agent_types_must_be_unique_single_worker",
  ),
  row(
    "type_is_unique_among_workers",
    "a type has one worker",
    "agent_types_must_be_unique_multiple_workers",
  ),
  row(
    "publish_reaches_every_subscriber",
    "an event reaches every subscriber once",
    "register_receives_publish",
  ),
  row(
    "removed_subscription_is_silent",
    "a subscription that was removed is silent",
    "register_doesnt_receive_after_removing_subscription",
  ),
  row(
    "cascade_loses_and_repeats_nothing",
    "a cascade over several workers loses and repeats nothing",
    "register_receives_publish_cascade_multiple_workers",
  ),
  row(
    "default_subscription_hears_the_default_topic",
    "the default subscription, by source",
    "default_subscription, default_subscription_other_source",
  ),
  row("type_subscription_hears_its_topic", "a subscription to a topic type", "type_subscription"),
  row(
    "type_is_free_after_its_worker_left",
    "a type is free when its worker has left",
    "disconnected_agent",
  ),
  row("protobuf_payload_arrives_equal", "protobuf payloads arrive equal", "proto_payloads"),
  wish("unknown_type_fails_at_once", "a send to an unknown type fails at once"),
  wish("two_callers_get_their_own_replies", "two callers of one agent get their own replies"),
  wish("killed_worker_fails_its_calls", "calls to a worker that is killed fail"),
];

/** How a scenario went. */
export type Outcome =
  | { readonly kind: "as-expected" }
  | { readonly kind: "otherwise"; readonly reason: string };

const SCRIPT = sourceOf("scenarios.py");
/** Milliseconds of real time for a scenario: each step in it has a limit of its own. */
const SCENARIO_MS = 60_000;

/** Lets real workers try a scenario against the host at `address`. */
export function tryScenario(python: string, address: string, name: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: SCENARIO_MS, killSignal: "SIGKILL" } as const;
    execFile(python, [SCRIPT, address, name], options, (_error, output, errors) => {
      const last = output.trim().split("\n").at(-1) ?? "";
      if (last.startsWith("{")) resolve(JSON.parse(last));
      else resolve({ kind: "otherwise", reason: `it broke off: ${errors.trim().slice(-500)}` });
    });
  });
}

/** A file beside this source. */
export function sourceOf(file: string): string {
  return path.join(ROOT, "test", "interop", "python", file);
}
