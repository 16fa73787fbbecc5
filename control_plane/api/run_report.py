"""What logs and traces are told of runs: ids, how they ended, and how long they took; never what they read or wrote."""

from collections.abc import AsyncIterator
from time import time
from typing import Final

import msgspec
import structlog

from control_plane.api.dependencies import Call
from control_plane.ports import TracedPart
from control_plane.services.tracing import bind_ids, bound_ids
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.events import EVENT_TYPES, RunFinished
from sandbox_image.wire.runs import RunRequest

log = structlog.stdlib.get_logger()

BROKEN_OFF: Final = "broken_off"
FINISHED: Final = next(name for name, type_ in EVENT_TYPES.items() if type_ is RunFinished)


class _Data(msgspec.Struct):
    run_id: str = ""
    status: str = ""


class _Words(msgspec.Struct):
    type: str
    data: _Data


_decode: Final = msgspec.json.Decoder(_Words)


def report(call: Call, request: RunRequest, began: float, run_id: str, status: str) -> None:
    """Tell that a run ended. ``began`` is seconds since 1970."""
    ended = time()
    bind_ids(run_id=run_id)
    log.info("run_ended", kind=request.kind.value, status=status, ms=round((ended - began) * 1000, 1))
    part = TracedPart(name="in the sandbox", began=began, ended=ended, failed=status in ("lost", BROKEN_OFF))
    call.services.tracing.tell("run", [part], kind=request.kind.value, status=status, **bound_ids())


async def reported(call: Call, request: RunRequest, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass on a run's events, whole lines that were checked, and tell of the run by the first and the last."""
    began, first, last = time(), b"", b""
    try:
        async for chunk in lines:
            first = first or chunk.partition(b"\n")[0]
            last = chunk
            yield chunk
    finally:
        end = words(last.rstrip(b"\n").rpartition(b"\n")[2])
        status = end.data.status if end.type == FINISHED else BROKEN_OFF
        report(call, request, began, words(first).data.run_id, status)


def words(line: bytes) -> _Words:
    """Read what is wanted of an event's line."""
    try:
        return _decode.decode(line)
    except UNREADABLE:
        return _Words(type="", data=_Data())
