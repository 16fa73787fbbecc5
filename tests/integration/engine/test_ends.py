"""The watch over ends goes on when the engine was away."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from tests.integration.engine.sandbox import spec

pytestmark = pytest.mark.engine

ENGINE_SOCKET = "/var/run/docker.sock"


class Wire:
    """A wire to the engine that can be cut: connections break, and new ones are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def join(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        self.path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine_reader, engine_writer = await asyncio.open_unix_connection(ENGINE_SOCKET)
        self._writers |= {writer, engine_writer}
        await asyncio.gather(self._pump(reader, engine_writer), self._pump(engine_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


@asynccontextmanager
async def through(wire: Wire) -> AsyncGenerator[Engine]:
    await wire.join()
    engine = Engine(f"unix://{wire.path}")
    try:
        yield engine
    finally:
        await engine.close()
        await wire.cut()


async def test_an_end_during_an_outage_is_told_afterwards(
    engine: Engine, settings: ContainerSettings, sockets: Sockets, tmp_path: Path
) -> None:
    direct = DockerRuntime(engine, settings, sockets)
    wire = Wire(tmp_path / "engine.sock")
    async with through(wire) as cut_off, asyncio.timeout(100):
        ends = DockerRuntime(cut_off, settings, sockets).ends()
        first = await direct.start(spec("prices"))
        second = await direct.start(spec("rates"))

        await engine.call("POST", f"containers/{first.id}/kill")
        assert (await anext(ends)).id == first.id
        await wire.cut()
        await engine.call("POST", f"containers/{second.id}/kill")
        waiting = asyncio.ensure_future(anext(ends))
        await wire.join()
        heard = await waiting
        while heard.id != second.id:  # what was told before may be told again
            heard = await anext(ends)
        assert heard.exit_code == 137
