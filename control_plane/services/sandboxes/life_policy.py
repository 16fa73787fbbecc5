"""What a deployment says of the number and the life of its sandboxes."""

from dataclasses import dataclass

from control_plane.domain.limits import MOST
from control_plane.domain.sandbox import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class LifePolicy:
    """How many sandboxes may live, and how long. Seconds."""

    idle_pause_sec: float = 900.0
    idle_stop_sec: float = 3600.0
    max_age_sec: float = 86400.0
    countdown_sec: float = 60.0
    max_running: int = 50
    start_concurrency: int = 4
    start_queue: int = 500
    most: Limits = MOST
    """No sandbox is given more, whoever asks."""
    least_memory: int = 0
    """Bytes of the machine's memory that are kept available; below, sandboxes are put to rest and new ones wait."""
