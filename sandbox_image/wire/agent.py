"""The agent about itself: health, activity and use of resources."""

from msgspec import Struct, field

from .environment import VenvStatus
from .version import API_VERSION


class Health(Struct, frozen=True, kw_only=True):
    """Answer of ``GET /health``."""

    api_version: int = API_VERSION
    uptime_ms: float = 0.0
    venv: VenvStatus | None = None


class Activity(Struct, frozen=True, kw_only=True):
    """Answer of ``GET /activity``, by which the control plane decides that a sandbox is idle.

    ``busy`` names what is running, for people: ``run of clean``, ``python in terminal 1``, ``port 8080 in use``.
    """

    idle_sec: float
    """Since the last user input that the agent saw (a key, a save, a run); not since the last byte."""
    busy: list[str] = field(default_factory=list[str])


class Usage(Struct, frozen=True, kw_only=True):
    """Answer of ``GET /usage``. Bytes; ``cpu`` is cores in use since the last reading.

    0 is not known: memory and processor without a limit, the disk where the workspace shares one (no ``AIMFORGE_DISK_QUOTA``).
    """

    memory: int = 0
    memory_limit: int = 0
    cpu: float = 0.0
    cpu_limit: float = 0.0
    processes: int = 0
    process_limit: int = 0
    disk: int = 0
    disk_limit: int = 0


class ListeningPort(Struct, frozen=True, kw_only=True):
    """A server in the sandbox. ``program`` is its command line, empty where that is not known."""

    port: int
    program: str = ""
