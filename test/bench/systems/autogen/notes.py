"""What the client and the worker on AutoGen tell each other."""
from dataclasses import dataclass

from autogen_core import TopicId, try_get_known_serializers_for_type
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime

ECHO_TYPE = "bench-echo"
EVENT_TOPIC = TopicId("bench.event-1", "all")
# Bytes of a note between a worker and its client: its worker in the first, the number of deliveries in the others.
TALLY_BYTES, COUNT_BITS = 4, 24


@dataclass
class Ping:
    text: str


@dataclass
class Happened:
    text: str


async def connect(address):
    """A runtime with its defaults, connected."""
    runtime = GrpcWorkerAgentRuntime(host_address=address)
    for message in (Ping, Happened):
        runtime.add_message_serializer(try_get_known_serializers_for_type(message))
    await runtime.start()
    return runtime
