"""Digests of values, which come after the values, and sometimes together with them."""

import asyncio
import hashlib
import os
import socket
import sys
from pathlib import Path

from sandbox_image.agent.executor.execution import Execution
from sandbox_image.agent.executor.faults import OutOfMemoryKills
from sandbox_image.agent.executor.job import NodeJob
from sandbox_image.agent.executor.messages import encode
from sandbox_image.agent.executor.process import RunProcess
from sandbox_image.wire.runs import Output, RunStatus


class Silent:
    """A listener that nobody is behind."""

    def stream(self, name: str, text: str, offset: int) -> None:
        """Drop it."""

    def display(self, output: Output) -> None:
        """Drop it."""


async def digest_of(tmp_path: Path, *after: bytes) -> str:
    """Return the digest of a run's value when the result, ``after`` and the channel's end are there to be read at once."""
    sleeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(60)", start_new_session=True
    )
    ours, theirs = socket.socketpair()
    pipes = [os.pipe() for _ in range(2)]
    result = encode({"is": "result", "values": [{"port": "output", "size": 3}]}, b"abc")

    async def acquire() -> RunProcess:
        process = RunProcess(sleeper.pid, ours, *(end for end, _ in pipes))
        theirs.sendall(b"".join((encode({"is": "started"}), result, *after)))
        theirs.shutdown(socket.SHUT_WR)
        return process

    execution = Execution(
        NodeJob(source="", file="nodes/a.py"), Silent(), acquire, OutOfMemoryKills(), tmp_path, tmp_path / "value"
    )
    try:
        outcome = await execution.run()
        assert outcome.status is RunStatus.SUCCEEDED
        async with asyncio.timeout(60):
            return await outcome.values["output"].digest()
    finally:
        sleeper.kill()
        await sleeper.wait()
        theirs.close()
        for _, end in pipes:
            os.close(end)


async def test_a_digest_that_comes_together_with_its_value_is_kept(tmp_path: Path):
    assert await digest_of(tmp_path, encode({"is": "digests", "digests": {"output": "d1", "other": "d2"}})) == "d1"


async def test_a_digest_that_never_comes_is_computed_and_not_waited_for(tmp_path: Path):
    assert await digest_of(tmp_path) == hashlib.blake2b(b"abc", digest_size=16).hexdigest()
