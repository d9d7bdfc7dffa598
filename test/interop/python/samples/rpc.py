"""A worker answers what another one asks it directly: `rpc.py <host> greeter|caller`."""
import asyncio
import sys
from dataclasses import dataclass

from autogen_core import AgentId, MessageContext, RoutedAgent, rpc
from work import connect, say, serve


@dataclass
class AskToGreet:
    name: str


@dataclass
class Greeting:
    text: str


class Greeter(RoutedAgent):
    def __init__(self, _done):
        super().__init__("greets who asks")
        self.greeted = 0

    @rpc
    async def on_ask(self, message: AskToGreet, ctx: MessageContext) -> Greeting:
        self.greeted += 1
        return Greeting(f"Hello, {message.name}: you are number {self.greeted} for {self.id.key}")


async def ask(host):
    async with connect(host, AskToGreet, Greeting) as runtime:
        for key, name in (("east", "Ann"), ("west", "Bob"), ("east", "Eve")):
            greeting = await runtime.send_message(AskToGreet(name), AgentId("greeter", key))
            say(greeting.text)


async def greet(host):
    async with serve(host, "greeter", Greeter, AskToGreet, Greeting) as (_, done):
        await done.wait()


asyncio.run({"caller": ask, "greeter": greet}[sys.argv[2]](sys.argv[1]))
