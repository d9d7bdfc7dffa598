"""A worker on AutoGen: `worker.py <host> <tally port>`."""
import asyncio
import sys

from autogen_core import MessageContext, RoutedAgent, TypeSubscription, message_handler
from notes import ECHO_TYPE, EVENT_TOPIC, TALLY_BYTES, Happened, Ping, connect

# As the workers of all contenders do: deliveries are told in steps, and the last ones after a pause.
STEP, FLUSH_S = 64, 0.002


class Echo(RoutedAgent):
    @message_handler
    async def on_ping(self, message: Ping, ctx: MessageContext) -> Ping:
        return message


class Tally:
    """Tells the client how many events have been handled."""

    def __init__(self, writer):
        self.writer, self.waiting, self.flushing = writer, 0, False

    def add(self):
        self.waiting += 1
        if self.waiting >= STEP:
            self.flush()
        elif not self.flushing:
            self.flushing = True
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush_rest)

    def flush_rest(self):
        self.flushing = False
        self.flush()

    def flush(self):
        if self.waiting > 0:
            self.writer.write(self.waiting.to_bytes(TALLY_BYTES, "big"))
        self.waiting = 0


class Listener(RoutedAgent):
    def __init__(self, tally):
        super().__init__("a listener")
        self.tally = tally

    @message_handler
    async def on_event(self, message: Happened, ctx: MessageContext) -> None:
        self.tally.add()


async def main(address, tally_port):
    _, writer = await asyncio.open_connection("127.0.0.1", int(tally_port))
    runtime, tally = await connect(address), Tally(writer)
    await Echo.register(runtime, ECHO_TYPE, lambda: Echo("an echo"))
    await Listener.register(runtime, "bench-listener", lambda: Listener(tally))
    await runtime.add_subscription(TypeSubscription(EVENT_TOPIC.type, "bench-listener"))
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
