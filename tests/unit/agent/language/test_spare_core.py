"""Work ahead of need waits until a core is free, and not for ever."""

import asyncio
from pathlib import Path

import pytest

from sandbox_image.agent.language.spare_core import LOOK_SEC, spare_core


@pytest.fixture
def load(tmp_path: Path) -> Path:
    return tmp_path / "loadavg"


def runnable(load: Path, count: int) -> None:
    load.write_text(f"1.00 1.00 1.00 {count}/300 4242\n")


async def test_a_free_core_is_seen(load: Path):
    runnable(load, 2)
    assert await spare_core(60, load=load, cores=2)


async def test_a_busy_machine_is_waited_for(load: Path):
    runnable(load, 3)
    waiting = asyncio.create_task(spare_core(60, load=load, cores=2))
    await asyncio.sleep(LOOK_SEC * 4)
    assert not waiting.done()
    runnable(load, 1)
    assert await waiting


async def test_the_wait_ends(load: Path):
    runnable(load, 30)
    assert not await spare_core(LOOK_SEC * 5, load=load, cores=2)


@pytest.mark.parametrize("text", ["", "nonsense", "1 1 1 x/y 1", "0.00 0.00 0.00 0/0 0"])
async def test_where_nothing_is_known_nothing_is_waited_for(load: Path, text: str):
    load.write_text(text)
    assert await spare_core(60, load=load, cores=2)


async def test_where_there_is_no_such_file_nothing_is_waited_for(load: Path):
    assert await spare_core(60, load=load, cores=2)
