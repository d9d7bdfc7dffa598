"""The client on AutoGen: `client.py <host>` reads one load from each line of its input and prints what it found.

Loads and findings are those of scenario.ts, as JSON; the counting follows load/calls.ts and load/events.ts. AutoGen's
own host forgets calls under load: where nothing comes for a while, that is told, and nobody waits on.
"""
import asyncio
import json
import sys
import time

from autogen_core import AgentId
from notes import COUNT_BITS, ECHO_TYPE, EVENT_TOPIC, TALLY_BYTES, Happened, Ping, connect

STALL_S = 5.0


class Interval:
    """The counted part of a load: it begins and ends with a delivery."""

    def __init__(self, pace, least):
        self.begin_at = time.perf_counter() + pace["warmUpMs"] / 1e3
        self.measure_s, self.least = pace["measureMs"] / 1e3, least
        self.begun, self.ended = None, None
        self.total, self.progress_at = 0, time.perf_counter()

    def progress(self, count):
        now = self.progress_at = time.perf_counter()
        self.total = count
        if self.begun is None:
            self.begun = (now, count) if now >= self.begin_at else None
        elif self.ended is None:
            (at, before) = self.begun
            if now >= at + self.measure_s and count - before >= self.least:
                self.ended = (count - before, now - at)

    async def until_ended(self, work, what):
        """Waits for `work`, as long as it makes progress."""
        while not (await asyncio.wait([work], timeout=STALL_S / 5))[0]:
            if time.perf_counter() - self.progress_at > STALL_S:
                work.cancel()
                raise TimeoutError(f"it hangs: no {what} for {STALL_S:.0f} s after {self.total}")
        await work

    def found(self, times=()):
        (count, elapsed), sorted_times = self.ended, sorted(times) or [0]
        return {
            "kind": "load",
            "delivered": count,
            "elapsedMs": elapsed * 1e3,
            "p50Us": sorted_times[len(sorted_times) // 2] * 1e6,
            "p99Us": sorted_times[int(0.99 * (len(sorted_times) - 1))] * 1e6,
            "total": self.total,
            "wireBytes": 0,
        }


class Client:
    def __init__(self, runtime, payload):
        self.runtime, self.payload = runtime, payload
        self.handled, self.on_handled = 0, asyncio.Event()

    async def read_tally(self, reader, _writer):
        while note := await reader.readexactly(TALLY_BYTES):
            self.handled += int.from_bytes(note, "big") % (1 << COUNT_BITS)
            self.on_handled.set()

    async def measure_calls(self, window, pace, keys):
        interval, times = Interval(pace, pace["minCalls"]), []

        async def lane(turn):
            while interval.ended is None:
                started_at = time.perf_counter()
                await self.runtime.send_message(Ping(self.payload), AgentId(ECHO_TYPE, f"key-{turn % keys}"))
                interval.progress(interval.total + 1)
                times.append(time.perf_counter() - started_at)
                turn += window

        await interval.until_ended(asyncio.gather(*map(lane, range(window))), "reply")
        return interval.found(times)

    async def measure_events(self, window, pace):
        interval, before, started = Interval(pace, 1), self.handled, 0

        async def publish():
            nonlocal started
            while interval.ended is None or self.handled - before < started:
                self.on_handled.clear()
                while interval.ended is None and started - (self.handled - before) < window:
                    started += 1
                    await self.runtime.publish_message(Happened(self.payload), EVENT_TOPIC)
                if self.handled - before < started:
                    await self.on_handled.wait()
                interval.progress(self.handled - before)

        await interval.until_ended(asyncio.ensure_future(publish()), "event")
        return interval.found()

    async def measure(self, load):
        scenario, pace = load["scenario"], load["pace"]
        if scenario["kind"] == "calls" and scenario["call"] == "send":
            return await self.measure_calls(scenario["window"], pace, load["keys"])
        if scenario["kind"] == "events" and scenario["event"] == "event-1":
            return await self.measure_events(scenario["window"], pace)
        raise ValueError(f"cannot do {scenario}")


def tell(**notice):
    print(json.dumps(notice), flush=True)


async def main(address, payload_bytes):
    client = Client(await connect(address), "x" * int(payload_bytes))
    server = await asyncio.start_server(client.read_tally, "127.0.0.1", 0)
    tell(kind="ready", port=server.sockets[0].getsockname()[1])
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            tell(kind="measured", measurement=await client.measure(json.loads(line)))
        except Exception as error:
            tell(kind="failed", reason=f"{type(error).__name__}: {error}")


asyncio.run(main(*sys.argv[1:]))
