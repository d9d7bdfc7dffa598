/** What users of AutoGen expect of a host, each with where that is written, and how real workers of theirs try it. */
import { execFile } from "node:child_process";
import path from "node:path";
import type { HostOptions } from "@agentmesh/host";
import { ROOT } from "../environment.ts";

export interface Scenario {
  /** Name of its function in runtime_tests.py or wishes.py. */
  readonly name: string;
  readonly title: string;
  /**
   * Tests of AutoGen's own suite for its distributed runtime, scenarios of appendix C (`C1`), or defects (`D16`) of the
   * notes on AutoGen, with spaces between them.
   */
  readonly source: string;
  /** What the host is told. Default: nothing. */
  readonly host?: HostOptions;
}

/** A test of AutoGen's. */
function row(name: string, title: string, tests: string, host?: HostOptions): Scenario {
  const source = tests.replaceAll(/\w+/g, "test_$&");
  return { name, title, source, ...(host !== undefined && { host }) };
}

/** What users ask for and AutoGen's own host does not do. */
function wish(name: string, title: string, source: string, host?: HostOptions): Scenario {
  return { name, title, source, ...(host !== undefined && { host }) };
}

const MIB = 1024 * 1024;
const SHARED: HostOptions = { autogenSharedTypes: true };
/** So that a worker that says nothing is noticed within the time of a scenario. */
const WATCHFUL: HostOptions = { heartbeatMs: 250, livenessMs: 1_000, leaseMs: 500 };

export const SCENARIOS: readonly Scenario[] = [
  row(
    "type_is_unique_in_a_worker",
    "a worker cannot register a type twice",
    "agent_types_must_be_unique_single_worker",
  ),
  row(
    "type_is_unique_among_workers",
    "a type has one worker",
    "agent_types_must_be_unique_multiple_workers duplicate_subscription",
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
    "cascade_in_one_worker",
    "a cascade of 8 525 events in one worker loses and repeats nothing",
    "register_receives_publish_cascade_single_worker",
  ),
  row(
    "cascade_over_several_workers",
    "a cascade over several workers loses and repeats nothing",
    "register_receives_publish_cascade_multiple_workers",
  ),
  row(
    "default_subscription_hears_the_default_topic",
    "the default subscription, by source",
    "default_subscription default_subscription_other_source",
  ),
  row("type_subscription_hears_its_topic", "a subscription to a topic type", "type_subscription"),
  row(
    "type_is_free_after_its_worker_left",
    "a type and its subscriptions are free when their worker has left",
    "disconnected_agent",
  ),
  row("protobuf_payload_arrives_equal", "protobuf payloads arrive equal", "proto_payloads"),
  row("limit_can_be_raised", "the limit of size can be raised", "grpc_max_message_size", {
    maxPayloadBytes: 8 * MIB,
  }),
  row(
    "instances_of_a_type_are_kept",
    "instances of a type, by key",
    "agent_type_register_instance",
  ),
  row(
    "instances_of_a_type_are_of_one_class",
    "instances of a type are of one class",
    "agent_type_register_instance_different_types",
  ),
  row(
    "instances_and_factories_do_not_mix",
    "a type has instances or a factory",
    "register_instance_factory",
  ),
  row(
    "instances_and_factories_talk",
    "instances and agents of factories talk",
    "instance_factory_messaging",
  ),
  row(
    "unknown_key_of_an_instance_harms_nobody",
    "an event for an instance that is not there harms nobody",
    "agent_type_register_instance_publish_new_source",
  ),
  wish("rpc_is_answered", "a send is answered by a worker in another process", "rpc"),
  wish("unknown_type_fails_at_once", "a send to an unknown type fails at once", "C1 D1"),
  wish(
    "two_callers_get_their_own_replies",
    "two callers of one agent get their own replies",
    "C2 D2",
  ),
  wish("killed_worker_fails_its_calls", "calls to a worker that is killed fail", "C3 D3"),
  wish("frozen_worker_fails_its_calls", "calls to a worker that is frozen fail", "C3 D3", WATCHFUL),
  wish("failure_without_words_is_a_failure", "a failure without words is a failure", "D17"),
  wish("missing_answer_fails_in_time", "a call that is never answered fails in time", "D16", {
    timeoutMs: 1_500,
  }),
  wish("too_large_request_is_refused", "a request that is too large is refused, alone", "D25"),
  wish("too_large_answer_is_refused", "an answer that is too large is refused, alone", "D25"),
  wish("too_large_event_is_dropped_alone", "an event that is too large is dropped, alone", "D25"),
  wish(
    "type_has_several_workers",
    "a type has several workers, with `--autogen-shared-types`",
    "C5 D6",
    SHARED,
  ),
  wish(
    "another_worker_takes_over",
    "then another worker of the type takes over from one that is killed",
    "C5 D6",
    SHARED,
  ),
  wish(
    "second_instance_of_a_type_is_registered",
    "a second instance is registered with its subscriptions",
    "1.11",
  ),
  wish("state_is_saved_and_loaded", "state is saved and loaded on the control channel", "C6 1.10"),
  wish(
    "state_of_nobody_is_an_error",
    "a question about the state of nobody is answered",
    "C6 1.10",
  ),
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
