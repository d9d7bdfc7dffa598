/** What AutoGen's tests expect beside what stands in the table of the SDK. */
import { elsewhere, notHere, notMet, type Requirement, row } from "./requirement.ts";

const FACTORIES =
  "agents are made by their type when they are first needed; no instance is registered";
const SCHEMAS =
  "Python's classes; here a message is what its schema takes, and its JSON that of the language";
const LATER = "AgentChat and the tools come later, each behind a door of its own";
const DEFINE_AGENT = "worker-sdk/src/agent/define-agent.test.ts";

export const AUTOGEN: readonly Requirement[] = [
  // The distributed runtime
  elsewhere(
    "U1",
    "a type has one worker, for workers of AutoGen",
    "autogen 4.1 test_agent_types_must_be_unique_multiple_workers",
    "test/interop/autogen/sessions.test.ts",
    "of a worker of agentmesh.v1 is refused to a client of AutoGen",
  ),
  row(
    "U2",
    "exact counts on one worker",
    "autogen 4.1 test_register_receives_publish_cascade_single_worker; autogen 4.2 test_register_receives_publish_cascade",
    "publish.cascade",
  ),
  row("U3", "limit of size", "autogen 4.1 test_grpc_max_message_size", "message.too-large"),
  elsewhere(
    "U4",
    "the limit can be raised",
    "autogen 4.1 test_grpc_max_message_size",
    "test/integration/protocol/sends.test.ts",
    "a content above the limit is refused, one at the limit is delivered",
  ),
  row(
    "U5",
    "one definition for a type",
    "autogen 4.1 test_agent_type_register_instance_different_types; autogen 4.2 test_agent_type_register_instance_different_types",
    "register.taken",
  ),
  notHere(
    "U6",
    "factory after instance",
    "autogen 4.1 test_register_instance_factory; autogen 4.2 test_register_instance_factory",
    FACTORIES,
  ),
  row(
    "U7",
    "sends and events between types, exact counts",
    "autogen 4.1 test_instance_factory_messaging",
    "publish.between-types",
  ),
  row(
    "U8",
    "an unknown key is a new agent",
    "autogen 4.1 test_agent_type_register_instance_publish_new_source; autogen 4.2 test_agent_type_register_instance_publish_new_source",
    "agent.first-message",
  ),
  // test_runtime.py
  row(
    "U10",
    "the state is made for the id",
    "autogen 4.2 test_agent_type_register_factory",
    "agent.state-per-key",
  ),
  row(
    "U11",
    "a type once for each runtime",
    "autogen 4.2 test_agent_type_must_be_unique",
    "register.taken",
  ),
  row(
    "U12",
    "a state for each key",
    "autogen 4.2 test_agent_type_register_instance",
    "agent.state-per-key",
  ),
  row(
    "U13",
    "events reach the agent of their source",
    "autogen 4.2 test_register_receives_publish",
    "publish.source",
  ),
  notMet(
    "U14",
    "three spans for a publish, by name",
    "autogen 4.2 test_register_receives_publish",
    "telemetry is not built",
  ),
  row(
    "U15",
    "explicit names of types",
    "autogen 4.2 test_register_factory_explicit_name",
    "error.grammar",
  ),
  row("U16", "default topic", "autogen 4.2 test_default_subscription", "publish.default-topic"),
  row(
    "U17",
    "other sources of the default topic",
    "autogen 4.2 test_default_subscription_publish_to_other_source",
    "publish.source",
  ),
  row(
    "U18",
    "subscriptions by type",
    "autogen 4.2 test_type_subscription; autogen 4.2 test_type_subscription_match",
    "publish.exact",
  ),
  row(
    "U19",
    "a failing event handler is seen: a dead letter",
    "autogen 4.2 test_event_handler_exception_propogates",
    "publish.failing",
  ),
  // test_routed_agent.py
  row(
    "U20",
    "handlers know sends from events",
    "autogen 4.2 test_message_handler_router",
    "context.event",
  ),
  notHere(
    "U21",
    "match functions",
    "autogen 4.2 test_routed_agent_message_matching",
    "one handler for a message, which looks at it itself: what a type handles can be told to others",
  ),
  row(
    "U22",
    "no reply to an event",
    "autogen 4.2 test_event; autogen 4.2 test_rpc",
    "publish.request-event",
  ),
  // test_subscription.py
  row("U23", "the source is the key", "autogen 4.2 test_type_subscription_map", "publish.source"),
  row(
    "U24",
    "no subscription that was not asked for",
    "autogen 4.2 test_skipped_class_subscriptions",
    "subscribe.none",
  ),
  // test_serialization.py
  row(
    "U40",
    "JSON by schema",
    "autogen 4.2 test_pydantic; autogen 4.2 test_nested_pydantic",
    "message.transform",
  ),
  elsewhere(
    "U41",
    "compact JSON",
    "autogen 4.2 test_pydantic; autogen 4.2 test_dataclass",
    "worker-sdk/src/messages/json-codec.test.ts",
    "transmits the input, not what the schema makes of it",
  ),
  notHere(
    "U42",
    "nesting of dataclasses",
    "autogen 4.2 test_nesting_dataclass_dataclass; autogen 4.2 test_nesting_dataclass_pydantic; autogen 4.2 test_nesting_union",
    SCHEMAS,
  ),
  row(
    "U43",
    "protobuf",
    "autogen 4.2 test_proto; autogen 4.2 test_nested_proto",
    "message.protobuf",
  ),
  notHere(
    "U44",
    "names of protobuf types",
    "autogen 4.2 test_type_name_for_protos",
    "a message has the name that it is defined with, protobuf or not",
  ),
  row(
    "U45",
    "what cannot be carried is refused",
    "autogen 4.2 test_invalid_type",
    "message.invalid-input",
  ),
  notMet(
    "U46",
    "serializers of the user's own",
    "autogen 4.2 test_custom_type",
    "defineMessage takes schemas and protobuf types; other formats have no door",
  ),
  notHere(
    "U47",
    "images",
    "autogen 4.2 test_image_type",
    "bytes are a field of a protobuf message, or text in JSON",
  ),
  // test_types.py and regressions
  elsewhere(
    "U50",
    "types of handlers and replies",
    "autogen 4.2 test_types.py",
    DEFINE_AGENT,
    "follow message, reply and state",
  ),
  elsewhere(
    "U51",
    "a process ends by itself",
    "autogen 4.2 test_clean_terminate.py",
    "test/integration/failures/leaving.test.ts",
    "its process ends by itself",
  ),
  // Above the core
  notMet(
    "U60",
    "agents that run tools",
    "autogen 4.2 test_tool_agent.py; autogen 4.2 test_tools.py",
    LATER,
  ),
  notMet(
    "U61",
    "workbenches",
    "autogen 4.2 test_workbench.py; autogen 4.2 test_static_workbench_overrides.py",
    LATER,
  ),
  notMet(
    "U62",
    "model contexts, memory, caches",
    "autogen 4.2 test_model_context.py; autogen 4.2 test_memory.py; autogen 4.2 test_cache_store.py",
    LATER,
  ),
  notMet("U63", "code executors", "autogen 4.2 test_code_executor.py", LATER),
  notMet("U64", "models", "autogen 4.2 test_models.py; autogen 4.2 test_json_extraction.py", LATER),
  notMet("U65", "components from configuration", "autogen 4.2 test_component_config.py", LATER),
  notHere("U66", "Pydantic from JSON Schema", "autogen 4.2 test_json_to_pydantic.py", SCHEMAS),
];
