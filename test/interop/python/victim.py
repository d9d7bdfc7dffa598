"""A worker that something happens to: `victim.py <address> hang|answer <type>`; it says what it does, in a word."""
import asyncio
import sys

from autogen_core import MessageContext, RoutedAgent, message_handler
from stage import Listener, Note, worker


class Hanging(RoutedAgent):
    """Tells that it has begun, and never ends."""

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        print("begun", flush=True)
        await asyncio.Event().wait()
        return message


async def main(role, name):
    runtime = await worker()
    if role == "hang":
        await Hanging.register(runtime, name, lambda: Hanging("an agent that hangs"))
    else:
        await Listener.register(runtime, name, Listener)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[2:]))
