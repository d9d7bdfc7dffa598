"""Five workers publish on what they hear from the others, for five rounds: `cascade.py <host> <worker>|publisher`."""
import asyncio
import sys
from dataclasses import dataclass

from autogen_core import DefaultTopicId, MessageContext, RoutedAgent, default_subscription, message_handler
from work import connect, say, serve

ROUNDS, AGENTS, MESSAGES = 5, 5, 5
EXPECTED = sum(MESSAGES * (AGENTS - 1) ** step for step in range(ROUNDS))


@dataclass
class Wave:
    round: int


@dataclass
class Count:
    pass


@default_subscription
class Cascade(RoutedAgent):
    def __init__(self, _done):
        super().__init__("publishes on")
        self.calls = 0

    @message_handler
    async def on_wave(self, message: Wave, ctx: MessageContext) -> None:
        self.calls += 1
        if message.round < ROUNDS:
            await self.publish_message(Wave(message.round + 1), DefaultTopicId())
        if self.calls == EXPECTED:
            say("all")

    @message_handler
    async def on_count(self, message: Count, ctx: MessageContext) -> None:
        say(f"{self.calls} calls")


async def publish(host):
    async with connect(host, Wave, Count) as runtime:
        for _ in range(MESSAGES):
            await runtime.publish_message(Wave(1), DefaultTopicId())
        # Whoever reads the others' output says when all is over.
        await asyncio.to_thread(sys.stdin.readline)
        await runtime.publish_message(Count(), DefaultTopicId())


async def work(host, name):
    async with serve(host, name, Cascade, Wave, Count) as (_, done):
        await done.wait()


host, role = sys.argv[1:]
asyncio.run(publish(host) if role == "publisher" else work(host, role))
