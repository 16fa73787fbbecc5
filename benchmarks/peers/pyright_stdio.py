"""The same pyright as the product's, in the same sandbox, on stdio: no relay and no multiplexer."""

from typing import Any

from benchmarks.editor import Place
from benchmarks.peers.engine import Engine
from benchmarks.peers.private import SCRIPTS


def ask(container: str, method: str, place: Place, count: int) -> dict[str, Any]:
    """Start a server of its own in the container and ask it ``count`` times: ``cold_ms`` and ``warm_ms``."""
    arguments = (method, place.uri, str(place.line), str(place.character), str(count), place.text)
    return Engine().exec_script(container, (SCRIPTS / "pyright_stdio.py").read_bytes(), *arguments)
