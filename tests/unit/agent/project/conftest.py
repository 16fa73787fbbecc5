from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox_image.agent.events import EventLog
from sandbox_image.agent.project import ProjectStore


@pytest.fixture
def events() -> EventLog:
    return EventLog()


@pytest.fixture
async def store(tmp_path: Path, events: EventLog) -> AsyncIterator[ProjectStore]:
    async with ProjectStore(tmp_path, events, name="Test") as store:
        yield store
