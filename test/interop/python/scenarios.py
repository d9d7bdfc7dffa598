"""Real workers of AutoGen against the host at an address: `scenarios.py <address> <scenario>` prints one line of JSON.

Each scenario says what its users expect and fails when that is not so, or does not come in time. Nothing here knows
whose host it is.
"""
import asyncio
import json
import os
import sys
import traceback

import runtime_tests
import wishes


async def run(scenario):
    try:
        await scenario()
        return {"kind": "as-expected"}
    except AssertionError as error:
        return {"kind": "otherwise", "reason": str(error)[:1000]}
    except Exception as error:
        traceback.print_exc()
        return {"kind": "otherwise", "reason": f"{type(error).__name__}: {error}"[:1000]}


name = sys.argv[2]
scenario = getattr(runtime_tests, name, None) or getattr(wishes, name)
print(json.dumps(asyncio.run(run(scenario))), flush=True)
# Workers that still wait for their host must not hold up the end.
os._exit(0)
