"""AutoGen's own host on a free port, which it prints: what ours is compared with."""
import asyncio

from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntimeHost


async def main():
    host = GrpcWorkerAgentRuntimeHost(address="127.0.0.1:0")
    # It does not tell the port that it was given, so it listens on a second one.
    port = host._server.add_insecure_port("127.0.0.1:0")
    host.start()
    print(f"ready {port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
