"""Between what and what a sandbox's limits may lie."""

from dataclasses import fields
from typing import Final

from control_plane.domain.errors import Invalid
from control_plane.domain.sandbox import Limits

MIB: Final = 1024 * 1024
LEAST: Final = Limits(memory=32 * MIB, cpus=0.01, pids=8, open_files=64, shm=64 * 1024, tmp=64 * 1024, disk=16 * MIB)
"""Below these a sandbox cannot start, and an engine may read a zero as *no limit*."""

MOST: Final = Limits(
    memory=8192 * MIB, cpus=8.0, pids=4096, open_files=65536, shm=2048 * MIB, tmp=2048 * MIB, disk=32768 * MIB
)
"""What a deployment allows that says nothing else."""


def check_limits(limits: Limits, most: Limits) -> Limits:
    """Return the limits. Raises ``Invalid`` that names the one that is out of bounds."""
    for each in fields(Limits):
        value, least, largest = (getattr(source, each.name) for source in (limits, LEAST, most))
        if not least <= value <= largest:
            raise Invalid(
                f"The limit {each.name!r} of a sandbox may be from {least} to {largest}, and {value} was asked for. "
                f"AIMFORGE_MAX_{each.name.upper()} says how much it may be.",
                limit=each.name,
            )
    return limits
