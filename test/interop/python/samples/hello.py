"""Two workers greet each other over the default topic: `hello.py <host> greeter|receiver`."""
import asyncio
import sys
from dataclasses import dataclass

from autogen_core import DefaultTopicId, MessageContext, RoutedAgent, default_subscription, message_handler
from work import say, serve


@dataclass
class AskToGreet:
    name: str


@dataclass
class Greeting:
    text: str


@dataclass
class Thanks:
    text: str


@default_subscription
class Greeter(RoutedAgent):
    def __init__(self, _done):
        super().__init__("greets who is named")

    @message_handler
    async def on_ask(self, message: AskToGreet, ctx: MessageContext) -> None:
        await self.publish_message(Greeting(f"Hello, {message.name}!"), DefaultTopicId())

    @message_handler
    async def on_thanks(self, message: Thanks, ctx: MessageContext) -> None:
        say(message.text)


@default_subscription
class Receiver(RoutedAgent):
    def __init__(self, done):
        super().__init__("is greeted and says thanks")
        self.done = done

    @message_handler
    async def on_greeting(self, message: Greeting, ctx: MessageContext) -> None:
        say(message.text)
        await self.publish_message(Thanks(f"Thanks for {message.text!r}"), DefaultTopicId())
        self.done.set()


async def main(host, role):
    kind = {"greeter": Greeter, "receiver": Receiver}[role]
    async with serve(host, role, kind, AskToGreet, Greeting, Thanks) as (runtime, done):
        if role == "receiver":
            await runtime.publish_message(AskToGreet("World"), DefaultTopicId())
        await done.wait()


asyncio.run(main(*sys.argv[1:]))
