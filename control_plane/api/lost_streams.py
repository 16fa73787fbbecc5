"""A run whose events are streamed while its sandbox ends: its last events say that it is lost, and who or what ended the sandbox."""

from collections.abc import AsyncIterator
from time import time
from typing import Final

import msgspec
from msgspec.structs import replace

from control_plane.api.dependencies import Call
from control_plane.api.lost_runs import end_of_silence, wanted_end
from control_plane.api.readings import lost_node
from control_plane.domain.errors import SandboxFailed, SandboxMisbehaved
from control_plane.ports import AgentAddress
from control_plane.services.events.event_checks import RawEvent
from sandbox_image.wire.events import TYPE_NAMES, NodeFinished, NodeStatus, RunFinished, RunStarted
from sandbox_image.wire.runs import NodeResult, RunError, RunStatus

MARKS: Final = (b'"run_started"', b'"run_finished"', b'"node_status"', b'"node_finished"')
"""What the lines hold that are looked at; all others, of which a run may have very many, are passed on unread."""
MAX_NODES: Final = 10_000
"""Of which it is remembered that they run; no flow has as many."""


class _NodeWords(msgspec.Struct):
    """What is looked at of a node's result."""

    node_id: str
    status: RunStatus


class _NodeEnd(msgspec.Struct):
    """What is looked at of ``NodeFinished``."""

    result: _NodeWords


_event: Final = msgspec.json.Decoder(RawEvent)
_started: Final = msgspec.json.Decoder(RunStarted)
_status: Final = msgspec.json.Decoder(NodeStatus)
_node: Final = msgspec.json.Decoder(_NodeEnd)
_finished: Final = msgspec.json.Decoder(RunFinished)


class LostStream:
    """Watches the events of one run, whole lines that were checked."""

    def __init__(self, call: Call, address: AgentAddress, *, from_its_start: bool) -> None:
        """A stream that is not ``from_its_start`` may be of a run that was over long ago: of what is older than the question
        (the clock is the machine's, in the sandbox as well) nothing new is said, and no end is added.
        """
        self._call = call
        self._address = address
        self._from_its_start = from_its_start
        self._since = time()
        self._run_id = ""
        self._began = 0.0
        self._running: dict[str, None] = {}
        self._is_over = False
        self._seq = 0
        self._asked = False
        self._end: RunError | None = None

    async def told(self, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass on the events. What the agent ended as lost says who wanted that; an end that is missing is added.

        Raises ``SandboxFailed`` for a stream that broke off and may be of a run that ended otherwise.
        """
        try:
            async for chunk in lines:
                if not any(mark in chunk for mark in MARKS):
                    self._count(chunk)
                    yield chunk
                    continue
                yield b"".join([await self._seen(line) + b"\n" for line in chunk.removesuffix(b"\n").split(b"\n")])
        except SandboxFailed as error:
            if self._is_over or not self._run_id or not self._from_its_start:
                raise
            yield self._ending(await end_of_silence(self._call, self._address, error))

    def _count(self, chunk: bytes) -> None:
        """Keep the number of the chunk's last event."""
        if last := chunk.rstrip(b"\n").rpartition(b"\n")[2]:
            self._seq = _event.decode(last).seq

    async def _seen(self, line: bytes) -> bytes:
        """Take note of an event, and return it as it is to be passed on."""
        if not line:
            return line
        event = _event.decode(line)
        self._seq = event.seq
        match event.type:
            case "run_started":
                self._run_id, self._began = _started.decode(event.data).run_id, event.at
            case "node_status" if len(self._running) < MAX_NODES:
                status = _status.decode(event.data)
                if status.status is RunStatus.RUNNING:
                    self._running[status.node_id] = None
            case "node_finished":
                node = _node.decode(event.data).result
                self._running.pop(node.node_id, None)
                if node.status is RunStatus.LOST and (end := await self._wanted_end(event)):
                    data = bytes(event.data)
                    read = await self._call.services.reader.read(
                        self._call.project_id, lost_node, data, end, refusal=SandboxMisbehaved
                    )
                    return _line(event, msgspec.Raw(read))
            case "run_finished":
                finished = _finished.decode(event.data)
                self._is_over = True
                if finished.status is RunStatus.LOST and (end := await self._wanted_end(event)):
                    return _line(event, replace(finished, error=end.message))
            case _:
                pass
        return line

    async def _wanted_end(self, event: RawEvent) -> RunError | None:
        """Who or what ended the sandbox, if that is known soon; the agent knows only that it was told to stop."""
        if not self._from_its_start and event.at < self._since:
            return None
        if not self._asked:
            self._asked = True
            self._end = await wanted_end(self._call, self._address)
        return self._end

    def _ending(self, error: RunError) -> bytes:
        """The events that are missing: the ends of the nodes that ran, whose output was passed on before, and the run's."""
        ends: list[NodeFinished | RunFinished] = [
            NodeFinished(run_id=self._run_id, result=NodeResult(node_id=node_id, status=RunStatus.LOST, error=error))
            for node_id in self._running
        ]
        lasted = max(0.0, time() - self._began) * 1000
        ends.append(RunFinished(run_id=self._run_id, status=RunStatus.LOST, duration_ms=lasted, error=error.message))
        lines: list[bytes] = []
        for number, data in enumerate(ends, self._seq + 1):
            lines.append(_line(RawEvent(seq=number, at=time(), type=TYPE_NAMES[type(data)], data=msgspec.Raw()), data))
        return b"\n".join(lines) + b"\n"


def _line(event: RawEvent, data: NodeFinished | RunFinished | msgspec.Raw) -> bytes:
    return msgspec.json.encode({"seq": event.seq, "at": event.at, "type": event.type, "data": data})
