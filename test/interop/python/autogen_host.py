"""AutoGen's own host on a free port, which it prints: `autogen_host.py [<largest message in bytes>]`."""
import asyncio
import sys

from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntimeHost


async def main():
    options = [("grpc.max_receive_message_length", int(limit)) for limit in sys.argv[1:]]
    host = GrpcWorkerAgentRuntimeHost(address="127.0.0.1:0", extra_grpc_config=options)
    # It does not tell the port that it was given, so it listens on a second one.
    port = host._server.add_insecure_port("127.0.0.1:0")
    host.start()
    print(f"ready {port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
