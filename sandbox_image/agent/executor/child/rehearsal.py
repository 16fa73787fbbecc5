"""A run of a node that does nothing, so that the next one finds its way prepared.

In the zygote it is done often: the interpreter then has its caches filled and its bytecode specialised, which every forked process
inherits. In a forked process it is done once, while nobody waits: each page of the zygote that a process writes to, were it only to
count a reference, is copied at its first touch, and those copies are most of what a small run costs.
"""

import builtins
import linecache
import socket
import sys
from typing import Any, Final

from . import values
from .framing import Channel
from .node import NodeRun

NAME: Final = "_aimforge_rehearsal"
SOURCE: Final = "def main(input_data):\n    return input_data\n"
LIMIT: Final = 1000


def rehearse(times: int) -> None:
    """Run the node so often, and leave no trace of it that user code could see."""
    value = values.Packed([{"": 1.0}]).joined()
    request: dict[str, Any] = {
        "source": SOURCE,
        "file": f"{NAME}.py",
        "legacy": False,
        "own": [],
        "ports": ["input_data"],
        "outputs": ["output"],
        "inputs": {"input_data": {"inline": (0, len(value))}},
        "settings": {},
        "workspace": "/",
        "values": "/",
        "limit": LIMIT,
    }
    ours, theirs = socket.socketpair()
    with ours, theirs:
        there, here = Channel(theirs), Channel(ours)
        for _ in range(times):
            there.send(request, value)
            received = here.receive()
            assert received is not None
            run = NodeRun(*received, here)
            run.execute()
            run.send_result()
            there.receive()
    sys.modules.pop(NAME, None)
    linecache.cache.pop(f"//{NAME}.py", None)
    builtins.__dict__.pop("display", None)
