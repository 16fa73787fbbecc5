"""Checks events that a sandbox sends: each against the type that it says it has."""

from collections.abc import AsyncIterator
from math import isfinite
from typing import Any, Final

import msgspec

from control_plane.domain.errors import SandboxMisbehaved
from control_plane.ports import JsonReader
from control_plane.services.events.slices import Slices
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.events import CONTROL_PLANE_ONLY, EVENT_TYPES
from sandbox_image.wire.limits import MAX_EVENT


class RawEvent(msgspec.Struct):
    """An event whose data has not been looked at."""

    seq: int
    at: float
    type: str
    data: msgspec.Raw


_decode_event: Final = msgspec.json.Decoder(RawEvent)
_decode_data: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(type_) for name, type_ in EVENT_TYPES.items() if name not in CONTROL_PLANE_ONLY
}


def check_data(data: bytes, name: str) -> bytes:
    """Check an event's data, as a work of ``ports.JsonReader``. Raises ``SandboxMisbehaved``."""
    try:
        _decode_data[name].decode(data)
    except UNREADABLE as error:
        raise SandboxMisbehaved(f"a {name} event cannot be read: {error}") from error
    return b""


class EventChecks:
    """Checks the events of sandboxes; those with much data where nobody else waits for it."""

    def __init__(self, reader: JsonReader) -> None:
        self._reader = reader

    async def fault_of(self, project_id: str, event: RawEvent) -> str:
        """Return why an event may not be passed on; empty when it may."""
        if event.type not in _decode_data:
            return f"a sandbox may not send events of type {event.type[:40]!r}"
        if len(event.data) > MAX_EVENT or not isfinite(event.at):
            return f"a {event.type} event is too large, or its time is no number"
        try:
            await self._reader.read(project_id, check_data, bytes(event.data), event.type, refusal=SandboxMisbehaved)
        except SandboxMisbehaved as error:
            return error.message
        return ""

    async def checked_lines(self, project_id: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass on NDJSON events, whole lines only, each checked. Raises ``SandboxMisbehaved`` at the first that is not right."""
        rest = b""
        async for chunk in chunks:
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            if len(rest) > 2 * MAX_EVENT:
                raise SandboxMisbehaved("The sandbox sent an event that is too large.")
            if not newline:
                continue
            slices = Slices()
            for line in whole.split(b"\n"):
                await self._check_line(project_id, line)
                await slices.turn()
            yield whole + b"\n"
        if rest:
            await self._check_line(project_id, rest)
            yield rest + b"\n"

    async def _check_line(self, project_id: str, line: bytes) -> None:
        """Raise ``SandboxMisbehaved`` unless the line is an event, or empty (a sign of life)."""
        if not line:
            return
        try:
            fault = await self.fault_of(project_id, _decode_event.decode(line))
        except UNREADABLE as error:
            fault = str(error)
        if fault:
            raise SandboxMisbehaved(f"The sandbox sent events that cannot be passed on: {fault}")
