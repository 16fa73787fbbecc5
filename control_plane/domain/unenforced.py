"""What an engine may be unable to do to a sandbox, such as a rootless one on control groups of version 1."""

from enum import StrEnum


class Unenforced(StrEnum):
    """A limit that an engine is told and does not keep; ``PAUSE``: it cannot freeze a sandbox."""

    MEMORY = "memory"
    CPUS = "cpus"
    PIDS = "pids"
    PAUSE = "pause"
