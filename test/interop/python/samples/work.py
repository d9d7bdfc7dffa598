"""What each sample does around its agents."""
import asyncio
from contextlib import asynccontextmanager

from autogen_core import try_get_known_serializers_for_type
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime


def say(text):
    print(text, flush=True)


@asynccontextmanager
async def connect(host, *messages):
    runtime = GrpcWorkerAgentRuntime(host_address=host)
    for message in messages:
        runtime.add_message_serializer(try_get_known_serializers_for_type(message))
    await runtime.start()
    yield runtime
    # Its stop leaves behind what is not yet written: who has published waits to be ended.
    await asyncio.Event().wait()


@asynccontextmanager
async def serve(host, name, kind, *messages):
    """A worker with one agent type, whose agents are made with an event that they may set, and say when it serves."""
    done = asyncio.Event()
    async with connect(host, *messages) as runtime:
        await kind.register(runtime, name, lambda: kind(done))
        say("ready")
        yield runtime, done
