"""What users of AutoGen ask for, and its own host does not do."""
import asyncio
import json
import signal

from autogen_core import AgentId, DefaultTopicId
from autogen_ext.runtimes.grpc.protos import agent_worker_pb2
from google.protobuf.any_pb2 import Any
from stage import (
    Author,
    DefaultListener,
    Failing,
    Listener,
    Note,
    Speechless,
    another,
    ask,
    heard,
    in_time,
    listener,
    refused,
    said,
    worker,
)

MIB = 1024 * 1024
TOO_MUCH = "x" * (6 * MIB)


async def rpc_is_answered():
    callee, caller = await worker(), await worker()
    await listener(callee, "oracle")
    assert await ask(caller, "why", "oracle", "delphi") == "oracle heard why"


async def unknown_type_fails_at_once():
    await refused((await worker()).send_message(Note("why"), AgentId("nobody", "here")), "nobody")


async def two_callers_get_their_own_replies():
    callee = await worker()
    await listener(callee, "oracle")
    callers = [await worker() for _ in range(2)]
    asked = [ask(caller, str(index), "oracle", "x") for index, caller in enumerate(callers)]
    assert await asyncio.gather(*asked) == ["oracle heard 0", "oracle heard 1"]


async def stopped_by(what):
    """What becomes of a call when the worker that handles it gets this signal, and of another worker."""
    good, caller = await worker(), await worker()
    await listener(good, "good")
    async with another("hang", "victim") as victim:
        asked = asyncio.ensure_future(caller.send_message(Note("why"), AgentId("victim", "x")))
        await said(victim, "begun")
        victim.send_signal(what)
        await refused(asked, "WORKER_LOST")
        assert await ask(caller, "well?", "good") == "good heard well?"


async def killed_worker_fails_its_calls():
    await stopped_by(signal.SIGKILL)


async def frozen_worker_fails_its_calls():
    await stopped_by(signal.SIGSTOP)


async def failure_without_words_is_a_failure():
    callee = await worker()
    await Failing.register(callee, "failing", Failing)
    await refused((await worker()).send_message(Note("why"), AgentId("failing", "x")))


async def missing_answer_fails_in_time():
    callee = await worker()
    await Speechless.register(callee, "speechless", lambda: Speechless("an agent without an answer"))
    await refused((await worker()).send_message(Note("why"), AgentId("speechless", "x")), "DEADLINE_EXCEEDED")


async def too_large_request_is_refused():
    callee, caller = await worker(), await worker()
    await listener(callee, "oracle")
    await refused(caller.send_message(Note(TOO_MUCH), AgentId("oracle", "x")), "PAYLOAD_TOO_LARGE")
    assert await ask(caller, "why", "oracle") == "oracle heard why"


async def too_large_answer_is_refused():
    callee, caller = await worker(), await worker()
    await Author.register(callee, "author", lambda: Author("an author"))
    await refused(caller.send_message(Note(f"{6 * MIB}"), AgentId("author", "x")), "PAYLOAD_TOO_LARGE")
    assert await ask(caller, "3", "author") == "xxx"


async def too_large_event_is_dropped_alone():
    reader, sender = await worker(), await worker()
    get = await listener(reader, "reader", DefaultListener)
    for text in ("before", TOO_MUCH, "after"):
        await sender.publish_message(Note(text), DefaultTopicId())
    await heard(get, ["before", "after"])


async def type_has_several_workers():
    caller, keys = await worker(), [f"k{number}" for number in range(20)]
    replicas = [await worker(), await worker()]
    gets = [await listener(replica, "clerk") for replica in replicas]
    for key in keys:
        assert await ask(caller, key, "clerk", key) == f"clerk heard {key}"
    homes = [[(await get(key)).heard for key in keys] for get in gets]
    for key, one, two in zip(keys, *homes):
        assert [key] in (one, two) and [] in (one, two), (key, one, two)
    assert all(any(home) for home in homes), "one of them did nothing"


async def another_worker_takes_over():
    caller, survivor = await worker(), await worker()
    keys = [f"k{number}" for number in range(20)]
    async with another("answer", "clerk") as victim:
        await listener(survivor, "clerk")
        for key in keys:
            await ask(caller, "before", "clerk", key)
        victim.kill()
        await victim.wait()

        # What is asked before the host has seen its end is told so.
        while not await answered(caller, keys[0]):
            pass
        for key in keys:
            assert await ask(caller, "after", "clerk", key) == "clerk heard after"


async def answered(caller, key):
    try:
        return await ask(caller, "again", "clerk", key)
    except AssertionError:
        raise
    except Exception as error:
        assert "WORKER_LOST" in str(error), f"it says: {error}"
        return None


async def second_instance_of_a_type_is_registered():
    runtime, caller = await worker(), await worker()
    for key in ("one", "two"):
        await Listener().register_instance(runtime, AgentId("clerk", key))
    for key in ("one", "two"):
        assert await ask(caller, "hello", "clerk", key) == "clerk heard hello"


class Line:
    """A control channel, which AutoGen's worker does not open itself."""

    def __init__(self, runtime):
        connection = runtime._host_connection
        self.client_id = dict(connection.metadata)["client-id"]
        self.stream = connection.stub.OpenControlChannel(metadata=connection.metadata)

    @classmethod
    async def open(cls, runtime):
        line = cls(runtime)
        # A host sends to a client that has a channel: what it sends itself tells that it has.
        await line.write("0", f"clientid={line.client_id}", agent_worker_pb2.LoadStateResponse())
        await in_time(line.stream.read(), "the channel to open")
        return line

    async def write(self, rpc_id, destination, message, respond_to=None):
        packed = Any()
        packed.Pack(message)
        await self.stream.write(
            agent_worker_pb2.ControlMessage(
                rpc_id=rpc_id, destination=destination, respond_to=respond_to, rpcMessage=packed
            )
        )

    async def ask(self, rpc_id, agent, question, answer):
        await self.write(rpc_id, f"agentid={agent}", question, f"clientid={self.client_id}")
        message = await in_time(self.stream.read(), "the answer about the state")
        assert message.rpc_id == rpc_id and message.rpcMessage.Unpack(answer), message
        return answer

    async def keep(self, states):
        """Answers two questions about states."""
        for _ in range(2):
            question = await self.stream.read()
            save, load = agent_worker_pb2.SaveStateRequest(), agent_worker_pb2.LoadStateRequest()
            if question.rpcMessage.Unpack(save):
                answer = agent_worker_pb2.SaveStateResponse(state=json.dumps(states[save.agentId.key]))
            else:
                question.rpcMessage.Unpack(load)
                states[load.agentId.key] = json.loads(load.state)
                answer = agent_worker_pb2.LoadStateResponse()
            await self.write(question.rpc_id, question.respond_to, answer)


async def state_is_saved_and_loaded():
    keeper, asker = await worker(), await worker()
    await listener(keeper, "keeper")
    states, agent = {"k": {"count": 1}}, agent_worker_pb2.AgentId(type="keeper", key="k")
    line, kept = await Line.open(asker), await Line.open(keeper)
    keeping = asyncio.ensure_future(kept.keep(states))
    load = agent_worker_pb2.LoadStateRequest(agentId=agent, state='{"count": 2}')
    loaded = await line.ask("1", "keeper/k", load, agent_worker_pb2.LoadStateResponse())
    assert not loaded.HasField("error"), loaded
    save = agent_worker_pb2.SaveStateRequest(agentId=agent)
    saved = await line.ask("2", "keeper/k", save, agent_worker_pb2.SaveStateResponse())
    assert json.loads(saved.state) == {"count": 2}, saved
    await in_time(keeping, "the keeper to end")


async def state_of_nobody_is_an_error():
    line, agent = await Line.open(await worker()), agent_worker_pb2.AgentId(type="nobody", key="k")
    save = agent_worker_pb2.SaveStateRequest(agentId=agent)
    saved = await line.ask("1", "nobody/k", save, agent_worker_pb2.SaveStateResponse())
    assert "nobody" in saved.error, saved
