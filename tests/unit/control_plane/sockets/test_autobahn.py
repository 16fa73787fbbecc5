"""The cases of the Autobahn WebSocket test suite, which decides what conforms to RFC 6455, on both sides of the relay.

Towards browsers, the fuzzing client plays a browser, and what it sends comes back through the relay from an agent that
echoes. Towards agents, the fuzzing server plays one, and what it sends is echoed by the link. Left out: compression, which
is off, and messages of many mebibytes, of which each one's limits have tests of their own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver

from control_plane.adapters.agent_link.websocket import WebSocket, connect
from control_plane.api.sockets.relay import Rules
from tests.unit.control_plane.sockets.stage import echo, stage

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.1.2", "9.2.1", "9.2.2", "10.*"]
MAX_MESSAGE = 2_000_000
DEADLINE = 300.0


async def test_what_a_browser_may_send(tmp_path: Path):
    async with stage(tmp_path, echo, Rules(max_message=MAX_MESSAGE)) as there, asyncio.timeout(DEADLINE):
        try:
            # Raises when a case failed, and says which.
            results = await run_fuzzingclient(there.url, CASES, concurrency=4)
        except FailureError as failure:
            # It waits a second for a connection's end, and a busy machine may take longer. What is wrong fails again.
            results = failure.results
            await run_fuzzingclient(there.url, [result.case_id for result in results if not result.passed])
    assert len(results) > 240


async def test_what_an_agent_may_send(tmp_path: Path):
    path = str(tmp_path / "agent.sock")
    async with run_fuzzingserver(CASES, port=0) as suite, bridged(path, suite.port), asyncio.timeout(DEADLINE):

        async def opened(target: str) -> WebSocket:
            return await connect(path, target, [("host", "agent")], MAX_MESSAGE)

        count = int(await (await opened("/getCaseCount")).receive() or 0)
        assert count > 240
        for case in range(1, count + 1):
            socket = await opened(f"/runCase?case={case}&agent=link")
            while (message := await socket.receive()) is not None:
                await socket.send(message)
            await socket.close()
        await (await opened("/updateReports?agent=link")).receive()
        # Raises when a case failed, and says which.
        assert len(await suite.get_result()) == count


@contextlib.asynccontextmanager
async def bridged(path: str, port: int) -> AsyncIterator[None]:
    """A Unix socket that leads to a port of this machine."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, back_writer), pass_on(back_reader, writer))

    async with await asyncio.start_unix_server(join, path):
        yield
