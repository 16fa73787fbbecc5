"""The process that reads: it gets a function and bytes, answers with bytes or an error, and has a limit of memory.

Started by ``json_reader.reader``, with a socket as its only connection; it ends with it.
"""

import gc
import math
import os
import pickle
import resource
import socket
import sys
import time
from struct import Struct
from typing import Any, Final

import msgspec

from control_plane.domain.errors import AimforgeError

REQUEST: Final = Struct("!IQ")
"""Lengths of the pickled work, which comes from us, and of the body, which comes from anybody."""
ANSWER: Final = Struct("!?dQ")
"""Whether the work was done, how many seconds of a processor it took, and the length of what it gave, or of a ``Refusal``."""
MOST_MEMORY: Final = 1024**3
"""Bytes of address space. A body of the largest size, its text and what this program takes are half of it."""
NICENESS: Final = 5
NOTHING_TOLD: Final = b"{}"
"""The ``Refusal`` of what took too much."""


class Refusal(msgspec.Struct):
    """An error as it is passed on. ``kind`` is the class's name, empty for what takes too much memory."""

    kind: str = ""
    message: str = ""
    detail: dict[str, Any] = {}


def main(connection: socket.socket, longest_sec: int) -> None:
    """Work until the other side ends. A work that takes longer than that, in seconds of a processor, ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    # Millions of values that die together: looking for cycles among them takes most of the time, and finds none.
    gc.disable()
    with connection, connection.makefile("rb") as requests:
        while head := requests.read(REQUEST.size):
            of_work, of_body = REQUEST.unpack(head)
            began = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(began) + longest_sec, resource.RLIM_INFINITY))
            work, args = pickle.loads(requests.read(of_work))  # noqa: S301  # our own process wrote it
            try:
                done, answer = True, work(requests.read(of_body), *args)
            except AimforgeError as error:
                done, answer = False, msgspec.json.encode(Refusal(type(error).__name__, error.message, error.detail))
            except MemoryError:
                connection.sendall(ANSWER.pack(False, time.process_time() - began, len(NOTHING_TOLD)) + NOTHING_TOLD)
                return  # the next reading begins with all of it
            connection.sendall(ANSWER.pack(done, time.process_time() - began, len(answer)))
            connection.sendall(answer)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
