"""A whole AgentMesh worker over generated stubs alone. Its rules: proto/README.md, "The smallest worker"."""
import asyncio, itertools, os, pathlib, sys, uuid, weakref
import grpc
sys.path.append(str(pathlib.Path(__file__).with_name("gen")))
from agentmesh.v1 import client_pb2, client_pb2_grpc, content_pb2, gateway_pb2, gateway_pb2_grpc
from courier.v1.parcel_pb2 import Parcel, Unpack

# The agents: couriers, who stamp parcels and send them on.
HOST, TYPE = os.environ.get("AGENTMESH_ADDRESS", "127.0.0.1:50051"), "python-courier"
HANDLED = {"courier.v1.Parcel": Parcel, "courier.v1.Unpack": Unpack}
HELLO = dict(version_min=1, version_max=1, name=TYPE, instance_id=uuid.uuid4().hex,
             agent_types=[dict(name=TYPE, handles=[dict(message_type=name) for name in HANDLED])],
             subscriptions=[dict(id="posted", topic_type=f"posted.{TYPE}", agent_type=TYPE)])

async def courier(agent, message, mesh):  # yields what the message is answered with
    parcel = message.parcel if isinstance(message, Unpack) else message
    if parcel.weight_grams == 0:
        raise Failure("a parcel without weight is lost", app_code="WEIGHTLESS")
    parcel.stamps.add(agent=f"{agent.type}/{agent.key}", weight_grams=parcel.weight_grams)
    if parcel.route:
        target = dict(type=parcel.route.pop(0), key=agent.key)
        parcel = unpack((await mesh.Send(client_pb2.SendRequest(target=target, content=pack(parcel)))).reply)
    if isinstance(message, Parcel):
        yield parcel
    else:
        for number in range(1, message.pieces + 1):
            yield Parcel(number=number, stamps=parcel.stamps)

# Messages and failures.
class Failure(Exception):
    def __init__(self, text, **fields):
        self.error = dict(text=text, **fields)

def pack(message):
    return content_pb2.Content(message_type=message.DESCRIPTOR.full_name, content_type="application/x-protobuf",
                               data=message.SerializeToString())

def unpack(content):
    if content.message_type not in HANDLED:
        raise Failure(f"{TYPE} has no handler for {content.message_type}", code="ERROR_CODE_MESSAGE_UNHANDLED")
    try:
        return HANDLED[content.message_type].FromString(content.data)
    except Exception as error:
        raise Failure(f"no {content.message_type}: {error}", code="ERROR_CODE_PAYLOAD_INVALID") from error

# The worker: one stream to the host. What is in flight when it breaks is over, and the next one begins anew.
SEQUENCES = itertools.count(1)  # of publishes, over all streams

async def serve(channel):
    outbox, mesh = asyncio.Queue(), client_pb2_grpc.ClientServiceStub(channel)
    turns, credits = {}, {}  # by delivery
    orders = weakref.WeakValueDictionary()  # a lock by activation: an agent has one turn at a time, in order

    def say(**frame):
        outbox.put_nowait(gateway_pb2.ConnectRequest(frames=[frame]))

    async def batches():
        while True:
            yield await outbox.get()

    async def stream(job, replies):
        chunks, bytes = job.stream_chunks, job.stream_bytes
        async for content in replies:
            while chunks <= 0 or bytes <= 0:
                credit = await credits[job.delivery].get()
                chunks, bytes = chunks + credit.chunks, bytes + credit.bytes
            chunks, bytes = chunks - 1, bytes - content.ByteSize()
            say(chunk=dict(delivery=job.delivery, activation=job.activation, content=content))

    async def turn(job, agent, content, is_event):
        try:
            async with orders.setdefault(job.activation, asyncio.Lock()):
                replies = (pack(reply) async for reply in courier(agent, unpack(content), mesh))
                if is_event:
                    topic = dict(type="delivered", source=agent.key)
                    end = dict(publishes=[dict(sequence=next(SEQUENCES), topic=topic, content=reply)
                                          async for reply in replies])
                else:
                    end = dict(reply=await (stream(job, replies) if job.stream_chunks else anext(replies)))
        except BaseException as failure:  # also when it is cancelled
            end = dict(error=getattr(failure, "error", dict(text=repr(failure))))
        del turns[job.delivery], credits[job.delivery]
        say(turn_end=dict(delivery=job.delivery, activation=job.activation, **end))

    def start(job, *message):
        credits[job.delivery] = asyncio.Queue()
        turns[job.delivery] = asyncio.create_task(turn(job, *message))

    say(hello=HELLO)
    try:
        async for batch in gateway_pb2_grpc.GatewayServiceStub(channel).Connect(batches()):
            for frame in batch.frames:
                match frame.WhichOneof("kind"):
                    case "welcome":
                        print(f"{TYPE} connected to {HOST}", flush=True)
                    case "ping":
                        say(pong=dict(nonce=frame.ping.nonce))
                    case "deliver":
                        start(frame.deliver, frame.deliver.target, frame.deliver.content, False)
                    case "event":
                        for target in frame.event.targets:
                            start(target, target.agent, frame.event.content, True)
                    case "cancel_delivery" if frame.cancel_delivery.delivery in turns:
                        turns[frame.cancel_delivery.delivery].cancel()
                    case "stream_credit" if frame.stream_credit.stream in turns:
                        credits[frame.stream_credit.stream].put_nowait(frame.stream_credit)
                await asyncio.sleep(0)  # a turn begins before the next frame is read, so that it can be cancelled
    finally:
        for task in turns.values():
            task.cancel()

async def main():
    options = [("grpc.keepalive_time_ms", 5_000), ("grpc.max_receive_message_length", 5 << 20)]
    while True:
        try:
            async with grpc.aio.insecure_channel(HOST, options) as channel:
                await serve(channel)
        except grpc.aio.AioRpcError as error:
            print(f"{TYPE} lost {HOST}: {error.details()}", flush=True)
        await asyncio.sleep(0.2)

asyncio.run(main())
