"""A worker of AutoGen that does what it is told: `puppet.py <host>` reads orders and prints what happens, as JSON lines."""
import asyncio
import json
import sys

from autogen_core import AgentId, TopicId, TypeSubscription
from autogen_ext.runtimes.grpc.protos import agent_worker_pb2
from stage import Listener, Note, worker


def tell(**notice):
    print(json.dumps(notice), flush=True)


class Teller(Listener):
    """Tells what it hears. It never answers `wait`, and fails over `fail`."""

    async def on_unhandled_message(self, message, ctx):
        tell(kind="heard", agent=str(self.id), text=str(message))

    async def on_message_impl(self, message, ctx):
        if not isinstance(message, Note):
            return await super().on_message_impl(message, ctx)
        tell(kind="heard", agent=str(self.id), text=message.text)
        if message.text == "wait":
            await asyncio.Event().wait()
        if message.text == "fail":
            raise ValueError("it was told to fail")
        return Note(f"{self.id} heard {message.text}")


class Puppet:
    def __init__(self, runtime):
        self.runtime = runtime

    async def serve(self, type, topics):
        await Teller.register(self.runtime, type, Teller)
        for topic in topics:
            await self.runtime.add_subscription(TypeSubscription(topic, type))

    async def send(self, type, key, text):
        reply = await self.runtime.send_message(Note(text), AgentId(type, key))
        return reply.text

    async def publish(self, topic, source, text, count):
        for number in range(count):
            await self.runtime.publish_message(Note(text.replace("#", str(number))), TopicId(topic, source))

    async def rave(self):
        """Writes what no worker should."""
        connection = self.runtime._host_connection
        stray = agent_worker_pb2.RpcResponse(request_id="1", error="not asked")
        for message in (
            agent_worker_pb2.Message(),
            agent_worker_pb2.Message(response=stray),
            agent_worker_pb2.Message(request=agent_worker_pb2.RpcRequest(request_id="x")),
        ):
            await connection.send(message)

    async def obey(self, number, what, arguments):
        try:
            tell(kind="done", order=number, text=await getattr(self, what)(**arguments))
        except Exception as error:
            tell(kind="failed", order=number, text=str(error))

    async def watch(self):
        """Tells when the host is gone: a worker of AutoGen does not look for it again."""
        try:
            await self.runtime._host_connection._connection_task
        except Exception as error:
            tell(kind="lost", text=type(error).__name__)


async def main():
    puppet = Puppet(await worker())
    tasks = {asyncio.create_task(puppet.watch())}
    tell(kind="ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        tasks.add(asyncio.create_task(puppet.obey(**json.loads(line))))


asyncio.run(main())
