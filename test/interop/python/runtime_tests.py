"""What AutoGen's own tests of its distributed runtime ask for."""
from autogen_core import AgentId, DefaultTopicId, TopicId, TypeSubscription
from autogen_ext.runtimes.grpc.protos import agent_worker_pb2
from google.protobuf.wrappers_pb2 import StringValue
from stage import (
    Cascade,
    DefaultListener,
    Listener,
    Note,
    OtherListener,
    ProtoListener,
    Wave,
    ask,
    heard,
    in_time,
    instance,
    listener,
    refused,
    until,
    worker,
)

MIB = 1024 * 1024


async def type_is_unique_in_a_worker():
    runtime = await worker()
    await listener(runtime, "name1")
    await refused(Listener.register(runtime, "name1", Listener))
    await listener(runtime, "name2")


async def type_is_unique_among_workers():
    first, second = await worker(), await worker()
    await listener(first, "name1")
    await refused(Listener.register(second, "name1", Listener), "Agent type name1 already registered")
    # AutoGen's worker keeps what was refused, so that it refuses the second attempt itself.
    await refused(Listener.register(second, "name1", Listener), "already exists")


async def publish_reaches_every_subscriber():
    runtimes, gets = [await worker(), await worker()], []
    for index, runtime in enumerate(runtimes):
        gets.append(await listener(runtime, f"name{index}"))
        await runtime.add_subscription(TypeSubscription("topic", f"name{index}"))
    await (await worker()).publish_message(Note("news"), TopicId("topic", "a"))
    for get in gets:
        await heard(get, ["news"], "a")
        assert (await get("b")).heard == []


async def removed_subscription_is_silent():
    runtime, other = await worker(), await worker()
    get, witness = await listener(runtime, "name1"), await listener(other, "witness")
    subscription = TypeSubscription("topic", "name1")
    await runtime.add_subscription(subscription)
    await other.add_subscription(TypeSubscription("topic", "witness"))
    await other.publish_message(Note("first"), TopicId("topic", "a"))
    await heard(get, ["first"], "a")
    await runtime.remove_subscription(subscription.id)
    sender = await worker()
    await sender.publish_message(Note("second"), TopicId("topic", "a"))
    await heard(witness, ["first", "second"], "a")
    assert (await get("a")).heard == ["first"]


async def cascade(runtimes, agents, messages, rounds):
    """Each agent publishes on what each other one publishes, until the last round."""
    cascades = []
    for index in range(agents):
        runtime, name = runtimes[index % len(runtimes)], f"cascade{index}"
        await Cascade.register(runtime, name, lambda: Cascade(rounds))
        await runtime.add_subscription(TypeSubscription("default", name))
        cascades.append(await instance(runtime, name, Cascade))
    sender = await worker()
    for _ in range(messages):
        await sender.publish_message(Wave(1), DefaultTopicId())
    expected = sum(messages * (agents - 1) ** step for step in range(rounds))
    await until(lambda: all(agent.calls >= expected for agent in cascades), f"{expected} calls each", 40)
    assert [agent.calls for agent in cascades] == [expected] * agents


async def cascade_in_one_worker():
    await cascade([await worker()], agents=5, messages=5, rounds=5)


async def cascade_over_several_workers():
    await cascade([await worker() for _ in range(4)], agents=4, messages=1, rounds=4)


async def default_subscription_hears_the_default_topic():
    runtime, sender = await worker(), await worker()
    get = await listener(runtime, "name", DefaultListener)
    await sender.publish_message(Note("news"), DefaultTopicId())
    await heard(get, ["news"])
    await sender.publish_message(Note("more"), DefaultTopicId(source="other"))
    await heard(get, ["more"], "other")
    assert (await get()).heard == ["news"]


async def type_subscription_hears_its_topic():
    runtime, sender = await worker(), await worker()
    get = await listener(runtime, "name", OtherListener)
    await sender.publish_message(Note("none"), TopicId("Another", "default"))
    await sender.publish_message(Note("news"), TopicId("Other", "default"))
    await heard(get, ["news"])


async def subscriptions(runtime):
    """Ids of all subscriptions that the host has."""
    connection = runtime._host_connection
    question = agent_worker_pb2.GetSubscriptionsRequest()
    answer = await connection.stub.GetSubscriptions(question, metadata=connection.metadata)
    return {subscription.id for subscription in answer.subscriptions}


async def type_is_free_after_its_worker_left():
    first, second = await worker(), await worker()
    await listener(first, "name", DefaultListener)
    old = await subscriptions(second)
    assert len(old) == 2, old
    await first.stop()

    async def gone():
        while await subscriptions(second):
            pass

    await in_time(gone(), "its subscriptions to go")
    get = await listener(second, "name", DefaultListener)
    new = await subscriptions(second)
    assert len(new) == 2 and not new & old, (old, new)
    await (await worker()).publish_message(Note("news"), DefaultTopicId())
    await heard(get, ["news"])


async def protobuf_payload_arrives_equal():
    runtime, sender = await worker(protobuf=True), await worker(protobuf=True)
    await ProtoListener.register(runtime, "proto", ProtoListener)
    await runtime.add_subscription(TypeSubscription("default", "proto"))
    await sender.publish_message(StringValue(value="żółw 🐢"), DefaultTopicId())
    agent = await instance(runtime, "proto", ProtoListener)
    await until(lambda: agent.heard, "the message")
    assert agent.heard == ["żółw 🐢"]


async def limit_can_be_raised():
    large = "x" * (6 * MIB)
    callee, caller = await worker(limit_bytes=8 * MIB), await worker(limit_bytes=8 * MIB)
    get = await listener(callee, "reader", DefaultListener)
    assert await ask(caller, large, "reader") == f"reader heard {large}"
    await caller.publish_message(Note(large), DefaultTopicId(source="a"))
    await heard(get, [large], "a")


async def instances_of_a_type_are_kept():
    runtime = await worker()
    one, two = Listener(), Listener()
    await runtime.register_agent_instance(one, AgentId("clerk", "one"))
    await runtime.register_agent_instance(two, AgentId("clerk", "two"))
    await refused(runtime.register_agent_instance(Listener(), AgentId("clerk", "one")), "already exists")
    caller = await worker()
    for key, agent in (("one", one), ("two", two)):
        assert await instance(runtime, "clerk", Listener, key) is agent
        assert await ask(caller, key, "clerk", key) == f"clerk heard {key}"
        assert agent.heard == [key]


async def instances_of_a_type_are_of_one_class():
    runtime = await worker()
    await runtime.register_agent_instance(Listener(), AgentId("clerk", "one"))
    other = runtime.register_agent_instance(ProtoListener(), AgentId("clerk", "two"))
    await refused(other, "same object type")


async def instances_and_factories_do_not_mix():
    runtime = await worker()
    await runtime.register_agent_instance(Listener(), AgentId("clerk", "one"))
    await refused(listener(runtime, "clerk"), "already exists")


async def instances_and_factories_talk():
    runtime, other, caller = await worker(), await worker(), await worker()
    clerk = Listener()
    await clerk.register_instance(runtime, AgentId("clerk", "desk"))
    await runtime.add_subscription(TypeSubscription("news", "clerk"))
    get = await listener(other, "reader")
    await other.add_subscription(TypeSubscription("news", "reader"))
    assert await ask(caller, "hello", "clerk", "desk") == "clerk heard hello"
    texts = [f"news {number}" for number in range(4)]
    for text in texts:
        await caller.publish_message(Note(text), TopicId("news", "desk"))
    await heard(get, texts, "desk")
    # An instance hears the topic of its own key, too.
    await caller.publish_message(Note("for you"), TopicId("desk", "desk"))
    await until(lambda: len(clerk.heard) == 6, "its six messages")
    assert clerk.heard == ["hello", *texts, "for you"]


async def unknown_key_of_an_instance_harms_nobody():
    runtime, other = await worker(), await worker()
    clerk = Listener()
    await clerk.register_instance(runtime, AgentId("clerk", "desk"))
    await runtime.add_subscription(TypeSubscription("news", "clerk"))
    get = await listener(other, "reader")
    await other.add_subscription(TypeSubscription("news", "reader"))
    for source in ("nowhere", "desk"):
        await other.publish_message(Note(source), TopicId("news", source))
        await heard(get, [source], source)
    await until(lambda: clerk.heard, "what comes after it")
    assert clerk.heard == ["desk"]
