"""Language servers as seen from outside."""

from enum import StrEnum

from msgspec import Struct


class LanguageServerKind(StrEnum):
    PYRIGHT = "pyright"
    """The Python server of the deployment: pyright, basedpyright or ty. The path stays the same."""
    RUFF = "ruff"


class LanguageServerState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    GAVE_UP = "gave_up"


class LanguageServerHealth(Struct, frozen=True, kw_only=True):
    """``restarts`` counts crashes since the last healthy minute; ``retry_in_ms`` is set while it waits to restart."""

    kind: LanguageServerKind
    state: LanguageServerState
    clients: int = 0
    restarts: int = 0
    pid: int | None = None
    uptime_ms: float = 0.0
    retry_in_ms: float | None = None
    message: str = ""
