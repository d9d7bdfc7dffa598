"""Real workers of AutoGen against the host at an address: `scenarios.py <address> <scenario>` prints one line of JSON.

Each scenario says what its users expect and fails when that is not so, or does not come in time. Nothing here knows
whose host it is.
"""
import asyncio
import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass

from autogen_core import (
    PROTOBUF_DATA_CONTENT_TYPE,
    AgentId,
    DefaultTopicId,
    MessageContext,
    RoutedAgent,
    TopicId,
    TypeSubscription,
    default_subscription,
    message_handler,
    try_get_known_serializers_for_type,
    type_subscription,
)
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime
from google.protobuf.wrappers_pb2 import StringValue

ADDRESS, LIMIT_S = sys.argv[1], 5.0


@dataclass
class Note:
    text: str


@dataclass
class Wave:
    round: int


class Listener(RoutedAgent):
    """Counts what it gets, and answers it."""

    def __init__(self):
        super().__init__("a listener")
        self.heard = []

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        self.heard.append(message.text)
        return Note(f"{self.id.type} heard {message.text}")


@default_subscription
class DefaultListener(Listener):
    pass


@type_subscription("Other")
class OtherListener(Listener):
    pass


class Cascade(RoutedAgent):
    """Publishes on, round by round, what it hears from the others."""

    def __init__(self, rounds):
        super().__init__("a cascade")
        self.rounds, self.calls = rounds, 0

    @message_handler
    async def on_wave(self, message: Wave, ctx: MessageContext) -> None:
        self.calls += 1
        if message.round < self.rounds:
            await self.publish_message(Wave(message.round + 1), topic_id=DefaultTopicId())


class ProtoListener(RoutedAgent):
    def __init__(self):
        super().__init__("a listener to protobuf")
        self.heard = []

    @message_handler
    async def on_value(self, message: StringValue, ctx: MessageContext) -> None:
        self.heard.append(message.value)


class Hanging(RoutedAgent):
    """Tells that it has begun, and never ends."""

    def __init__(self):
        super().__init__("a worker that hangs")

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        print("begun", flush=True)
        await asyncio.Event().wait()
        return message


async def worker(*, protobuf=False):
    options = {"payload_serialization_format": PROTOBUF_DATA_CONTENT_TYPE} if protobuf else {}
    runtime = GrpcWorkerAgentRuntime(host_address=ADDRESS, **options)
    for message in (StringValue,) if protobuf else (Note, Wave):
        runtime.add_message_serializer(try_get_known_serializers_for_type(message))
    await runtime.start()
    return runtime


async def until(holds, what):
    async def look():
        while not holds():
            await asyncio.sleep(0.01)

    try:
        await asyncio.wait_for(look(), LIMIT_S)
    except asyncio.TimeoutError:
        raise AssertionError(f"waited {LIMIT_S} s for {what}") from None


async def in_time(come, what):
    try:
        return await asyncio.wait_for(come, LIMIT_S)
    except asyncio.TimeoutError:
        raise AssertionError(f"hangs: waited {LIMIT_S} s for {what}") from None


async def refused(attempt, text=""):
    try:
        await in_time(attempt, "a refusal")
    except AssertionError:
        raise
    except Exception as error:
        assert text in str(error), f"it says: {error}"
        return
    raise AssertionError("it was not refused")


async def listener(runtime, name, kind=Listener):
    await kind.register(runtime, name, kind)
    return lambda key="default": instance(runtime, name, kind, key)


async def instance(runtime, name, kind, key):
    return await runtime.try_get_underlying_agent_instance(AgentId(name, key), type=kind)


async def heard(get, expected, key="default"):
    agent = await get(key)
    await until(lambda: len(agent.heard) >= len(expected), f"{expected} to arrive")
    assert agent.heard == expected, f"it heard {agent.heard}"


async def rpc_is_answered():
    callee, caller = await worker(), await worker()
    await listener(callee, "oracle")
    reply = await in_time(caller.send_message(Note("why"), AgentId("oracle", "delphi")), "the reply")
    assert reply.text == "oracle heard why", reply


async def type_is_unique_in_a_worker():
    runtime = await worker()
    await listener(runtime, "name1")
    await refused(Listener.register(runtime, "name1", Listener))
    await listener(runtime, "name2")


async def type_is_unique_among_workers():
    first, second = await worker(), await worker()
    await listener(first, "name1")
    await refused(Listener.register(second, "name1", Listener), "name1")


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


async def cascade_loses_and_repeats_nothing(agents=4, rounds=3):
    runtimes = [await worker() for _ in range(agents)]
    gets = []
    for index, runtime in enumerate(runtimes):
        name = f"cascade{index}"
        await Cascade.register(runtime, name, lambda: Cascade(rounds))
        await runtime.add_subscription(TypeSubscription("default", name))
        gets.append(await instance(runtime, name, Cascade, "default"))
    await (await worker()).publish_message(Wave(1), DefaultTopicId())
    expected = sum((agents - 1) ** step for step in range(rounds))
    await until(lambda: all(agent.calls >= expected for agent in gets), f"{expected} calls each")
    assert [agent.calls for agent in gets] == [expected] * agents


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


async def type_is_free_after_its_worker_left():
    first = await worker()
    await listener(first, "name", DefaultListener)
    await first.stop()
    second = await worker()

    async def take():
        while True:
            try:
                return await listener(second, "name", DefaultListener)
            except Exception as error:
                if "already" not in str(error) or second_has_it(error):
                    raise
                await asyncio.sleep(0.05)

    def second_has_it(error):
        return "in runtime" in str(error)

    get = await in_time(take(), "the type to be free")
    await (await worker()).publish_message(Note("news"), DefaultTopicId())
    await heard(get, ["news"])


async def protobuf_payload_arrives_equal():
    runtime, sender = await worker(protobuf=True), await worker(protobuf=True)
    await ProtoListener.register(runtime, "proto", ProtoListener)
    await runtime.add_subscription(TypeSubscription("default", "proto"))
    await sender.publish_message(StringValue(value="żółw 🐢"), DefaultTopicId())
    agent = await instance(runtime, "proto", ProtoListener, "default")
    await until(lambda: agent.heard, "the message")
    assert agent.heard == ["żółw 🐢"]


async def unknown_type_fails_at_once():
    await refused((await worker()).send_message(Note("why"), AgentId("nobody", "here")))


async def two_callers_get_their_own_replies():
    callee = await worker()
    await listener(callee, "oracle")
    callers = [await worker() for _ in range(2)]
    asked = [caller.send_message(Note(str(index)), AgentId("oracle", "x")) for index, caller in enumerate(callers)]
    replies = await in_time(asyncio.gather(*asked), "both replies")
    assert [reply.text for reply in replies] == ["oracle heard 0", "oracle heard 1"], replies


async def killed_worker_fails_its_calls():
    script = os.path.abspath(__file__)
    victim = await asyncio.create_subprocess_exec(
        sys.executable, script, ADDRESS, "--hang", stdout=asyncio.subprocess.PIPE)
    try:
        await in_time(victim.stdout.readline(), "the victim to be ready")
        asked = asyncio.ensure_future((await worker()).send_message(Note("why"), AgentId("victim", "x")))
        await in_time(victim.stdout.readline(), "its turn to begin")
        victim.send_signal(signal.SIGKILL)
        await refused(asked)
    finally:
        if victim.returncode is None:
            victim.kill()
        await victim.wait()


async def hang():
    runtime = await worker()
    await Hanging.register(runtime, "victim", Hanging)
    print("ready", flush=True)
    await asyncio.Event().wait()


SCENARIOS = [
    rpc_is_answered,
    type_is_unique_in_a_worker,
    type_is_unique_among_workers,
    publish_reaches_every_subscriber,
    removed_subscription_is_silent,
    cascade_loses_and_repeats_nothing,
    default_subscription_hears_the_default_topic,
    type_subscription_hears_its_topic,
    type_is_free_after_its_worker_left,
    protobuf_payload_arrives_equal,
    unknown_type_fails_at_once,
    two_callers_get_their_own_replies,
    killed_worker_fails_its_calls,
]


async def run(scenario):
    try:
        await scenario()
        return {"kind": "as-expected"}
    except AssertionError as error:
        return {"kind": "otherwise", "reason": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"kind": "otherwise", "reason": f"{type(error).__name__}: {error}"}


if sys.argv[2] == "--hang":
    asyncio.run(hang())
named = {scenario.__name__: scenario for scenario in SCENARIOS}
print(json.dumps(asyncio.run(run(named[sys.argv[2]]))), flush=True)
# Workers that still wait for their host must not hold up the end.
os._exit(0)
