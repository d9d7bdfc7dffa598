"""What every scenario needs: messages, agents, workers connected to the host, and waiting that has a limit."""
import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from autogen_core import (
    PROTOBUF_DATA_CONTENT_TYPE,
    AgentId,
    DefaultTopicId,
    MessageContext,
    RoutedAgent,
    default_subscription,
    message_handler,
    try_get_known_serializers_for_type,
    type_subscription,
)
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime
from google.protobuf.wrappers_pb2 import StringValue

ADDRESS, LIMIT_S = sys.argv[1], 5.0
HERE = Path(__file__).parent


@dataclass
class Note:
    text: str


@dataclass
class Wave:
    round: int


# Set whenever an agent has been told something.
news = asyncio.Event()


class Listener(RoutedAgent):
    """Keeps what it gets, and answers it."""

    def __init__(self):
        super().__init__("a listener")
        self.heard = []

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        self.heard.append(message.text)
        news.set()
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
        news.set()
        if message.round < self.rounds:
            await self.publish_message(Wave(message.round + 1), topic_id=DefaultTopicId())


class ProtoListener(RoutedAgent):
    def __init__(self):
        super().__init__("a listener to protobuf")
        self.heard = []

    @message_handler
    async def on_value(self, message: StringValue, ctx: MessageContext) -> None:
        self.heard.append(message.value)
        news.set()


class Failing(RoutedAgent):
    """Fails, with these words."""

    def __init__(self, *words):
        super().__init__("an agent that fails")
        self.words = words

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        raise ValueError(*self.words)


class Speechless(RoutedAgent):
    """Returns what AutoGen cannot write as an answer."""

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> None:
        return None


class Author(RoutedAgent):
    """Answers with as many letters as it is asked for."""

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        return Note("x" * int(message.text))


async def worker(*, protobuf=False, limit_bytes=None):
    options = {"payload_serialization_format": PROTOBUF_DATA_CONTENT_TYPE} if protobuf else {}
    if limit_bytes is not None:
        options["extra_grpc_config"] = [("grpc.max_receive_message_length", limit_bytes)]
    runtime = GrpcWorkerAgentRuntime(host_address=ADDRESS, **options)
    for message in (StringValue,) if protobuf else (Note, Wave):
        runtime.add_message_serializer(try_get_known_serializers_for_type(message))
    await runtime.start()
    return runtime


async def until(holds, what, limit_s=LIMIT_S):
    async def look():
        while not holds():
            news.clear()
            await news.wait()

    try:
        await asyncio.wait_for(look(), limit_s)
    except asyncio.TimeoutError:
        raise AssertionError(f"hangs: waited {limit_s:.0f} s for {what}") from None


async def in_time(come, what, limit_s=LIMIT_S):
    try:
        return await asyncio.wait_for(come, limit_s)
    except asyncio.TimeoutError:
        raise AssertionError(f"hangs: waited {limit_s:.0f} s for {what}") from None


async def refused(attempt, text=""):
    try:
        reply = await in_time(attempt, "a refusal")
    except AssertionError:
        raise
    except Exception as error:
        assert text in str(error), f"it says: {error}"
        return
    raise AssertionError(f"was not refused: {reply}")


async def ask(caller, text, agent_type, key="default"):
    reply = await in_time(caller.send_message(Note(text), AgentId(agent_type, key)), "the reply")
    return reply.text


async def listener(runtime, name, kind=Listener):
    await kind.register(runtime, name, kind)
    return lambda key="default": instance(runtime, name, kind, key)


async def instance(runtime, name, kind, key="default"):
    return await runtime.try_get_underlying_agent_instance(AgentId(name, key), type=kind)


async def heard(get, expected, key="default"):
    agent = await get(key)
    await until(lambda: len(agent.heard) >= len(expected), f"{expected} to arrive")
    assert agent.heard == expected, f"it heard {agent.heard}"


@asynccontextmanager
async def another(role, *arguments):
    """A process of its own, once it says that it is ready; it is killed in the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "victim.py"), ADDRESS, role, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        await said(child, "ready")
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def said(child, word):
    line = await in_time(child.stdout.readline(), f"another process to say {word}", 20)
    assert line.decode().strip() == word, f"it says {line}"
