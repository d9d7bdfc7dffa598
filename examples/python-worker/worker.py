"""A whole AgentMesh worker over generated stubs: it stamps parcels and sends them on. See proto/README.md, "A small worker"."""
import asyncio, collections, itertools, os, pathlib, sys, uuid
import grpc

sys.path.append(str(pathlib.Path(__file__).parent / "gen"))
from agentmesh.v1 import content_pb2, error_pb2, gateway_pb2, gateway_pb2_grpc
from courier.v1.parcel_pb2 import Parcel, Unpack

HOST, TYPE = os.environ.get("AGENTMESH_HOST", "127.0.0.1:50051"), "python-courier"
MESSAGES = {message.DESCRIPTOR.full_name: message for message in (Parcel, Unpack)}
INSTANCE = uuid.uuid4().hex
SEQUENCES = itertools.count(1)  # of publishes, over all sessions
HELLO = gateway_pb2.Hello(
    version_min=1, version_max=1, name=TYPE, instance_id=INSTANCE, sdk_name="example-python",
    agent_types=[dict(name=TYPE, handles=[dict(message_type=name) for name in MESSAGES])],
    subscriptions=[dict(id="posted", topic_type=f"posted.{TYPE}", agent_type=TYPE)])

class Failure(Exception):
    def __init__(self, code, text, outcome="NOT_EXECUTED", app_code=""):
        self.error = error_pb2.Error(
            code=f"ERROR_CODE_{code}", text=text, outcome=f"OUTCOME_{outcome}", app_code=app_code)

def unpack(content):
    if content.message_type not in MESSAGES:
        raise Failure("MESSAGE_UNHANDLED", f"{TYPE} handles {', '.join(MESSAGES)} only")
    try:
        return MESSAGES[content.message_type].FromString(content.data)
    except Exception as error:
        raise Failure("PAYLOAD_INVALID", f"this is no {content.message_type}: {error}") from error

def pack(message):
    return content_pb2.Content(
        message_type=message.DESCRIPTOR.full_name, content_type="application/x-protobuf",
        data=message.SerializeToString())

class Session:
    def __init__(self):
        self.outbox, self.requests = asyncio.Queue(), itertools.count(1)
        self.replies = {}  # what sends wait for, by request
        self.turns = {}  # that have not ended, by delivery
        self.credits = {}  # chunks, bytes and the event that there are more, by delivery
        self.locks = collections.defaultdict(asyncio.Lock)  # one turn at a time, by activation

    def say(self, **kind):
        self.outbox.put_nowait(gateway_pb2.ConnectRequest(frames=[kind]))

    async def batches(self):
        while True:
            yield await self.outbox.get()

    async def run(self, channel):
        self.say(hello=HELLO)
        try:
            async for batch in gateway_pb2_grpc.GatewayServiceStub(channel).Connect(self.batches()):
                for frame in batch.frames:
                    kind = frame.WhichOneof("kind")
                    self.take(kind, getattr(frame, kind) if kind else None)
        finally:
            for turn in self.turns.values():
                turn.cancel()

    def take(self, kind, frame):
        match kind:
            case "welcome":
                print(f"{TYPE} connected to {HOST}", flush=True)
            case "deliver":
                self.credits[frame.delivery] = [frame.stream_chunks, frame.stream_bytes, asyncio.Event()]
                self.start(frame, self.answer, frame.target, frame.content)
            case "event":
                for target in frame.targets:
                    self.start(target, self.handle, target.agent, frame.content)
            case "result" if frame.request in self.replies:
                self.replies.pop(frame.request).set_result(frame)
            case "stream_credit" if frame.stream in self.credits:
                credit = self.credits[frame.stream]
                credit[0], credit[1] = credit[0] + frame.chunks, credit[1] + frame.bytes
                credit[2].set()
            case "cancel_delivery" if frame.delivery in self.turns:
                self.turns[frame.delivery].cancel()
            case "deactivate":
                for activation in frame.activations:
                    self.locks.pop(activation, None)
            case "ping":
                self.say(pong=dict(nonce=frame.nonce))

    def start(self, job, handler, agent, content):
        turn = self.turns[job.delivery] = asyncio.create_task(self.in_order(job, handler, agent, content))
        turn.add_done_callback(lambda turn: self.end(job, turn))

    async def in_order(self, job, handler, agent, content):
        async with self.locks[job.activation]:
            return await handler(job, agent, unpack(content))

    def end(self, job, turn):
        del self.turns[job.delivery]
        self.credits.pop(job.delivery, None)
        cancelled = Failure("CANCELLED", "the turn was cancelled", "UNKNOWN")
        failure = cancelled if turn.cancelled() else turn.exception()
        if failure is None:
            outcome = dict(reply=turn.result())
        elif isinstance(failure, Failure):
            outcome = dict(error=failure.error)
        else:
            outcome = dict(error=Failure("HANDLER_FAILED", repr(failure), "EXECUTED").error)
        self.say(turn_end=dict(delivery=job.delivery, activation=job.activation, **outcome))

    async def answer(self, job, agent, message):
        if isinstance(message, Parcel):
            return pack(await self.carry(job, agent, message))
        parcel = await self.carry(job, agent, message.parcel)
        for number in range(1, message.pieces + 1):
            await self.chunk(job, pack(Parcel(number=number, stamps=parcel.stamps)))

    async def handle(self, job, agent, parcel):
        parcel = await self.carry(job, agent, parcel)
        topic = dict(type="delivered", source=agent.key)
        self.say(publish=dict(sequence=next(SEQUENCES), topic=topic, content=pack(parcel),
                              activation=job.activation, parent=job.delivery))

    async def carry(self, job, agent, parcel):
        if parcel.weight_grams == 0:
            raise Failure("APPLICATION", "a parcel without weight is lost", "EXECUTED", "WEIGHTLESS")
        parcel.stamps.add(agent=f"{agent.type}/{agent.key}", weight_grams=parcel.weight_grams)
        if not parcel.route:
            return parcel
        target, request = dict(type=parcel.route.pop(0), key=agent.key), next(self.requests)
        reply = self.replies[request] = asyncio.get_running_loop().create_future()
        self.say(send=dict(request=request, target=target, content=pack(parcel),
                           activation=job.activation, parent=job.delivery))
        result = await reply
        if result.HasField("error"):
            raise Failure("HANDLER_FAILED", f"{target['type']}: {result.error.text}", "EXECUTED")
        return unpack(result.reply)

    async def chunk(self, job, content):
        credit = self.credits[job.delivery]
        while credit[0] <= 0 or credit[1] <= 0:
            credit[2].clear()
            await credit[2].wait()
        credit[0], credit[1] = credit[0] - 1, credit[1] - content.ByteSize()
        self.say(chunk=dict(delivery=job.delivery, activation=job.activation, content=content))

async def main():
    options = [("grpc.keepalive_time_ms", 5_000), ("grpc.max_receive_message_length", 5 << 20)]
    while True:  # a broken stream has ended its session: the next one starts anew
        try:
            async with grpc.aio.insecure_channel(HOST, options) as channel:
                await Session().run(channel)
        except grpc.aio.AioRpcError as error:
            print(f"{TYPE} lost {HOST}: {error.details()}", flush=True)
        await asyncio.sleep(0.2)

asyncio.run(main())
