"""AutoGen's own host on the port that is named: what ours is compared with."""
import asyncio
import sys

from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntimeHost


async def main():
    host = GrpcWorkerAgentRuntimeHost(address=f"127.0.0.1:{sys.argv[1]}")
    host.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
