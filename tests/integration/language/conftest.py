"""What a server does ahead of need, it does here at once: the machine that runs tests has no core to spare."""

import pytest

from sandbox_image.agent.language import language_servers


@pytest.fixture(autouse=True)
def a_spare_core(monkeypatch: pytest.MonkeyPatch) -> None:
    async def free(_: float) -> bool:
        return True

    monkeypatch.setattr(language_servers, "spare_core", free)
