"""How much memory this machine has left, as the kernel reckons it. In a container it tells of the whole machine."""

from pathlib import Path
from typing import Final

MEMINFO: Final = Path("/proc/meminfo")


class LinuxHostMemory:
    """``ports.HostMemory`` by ``MemAvailable``: free memory, and what can be had back without swapping."""

    def __init__(self, meminfo: Path = MEMINFO) -> None:
        self._meminfo = meminfo

    def available(self) -> int | None:
        """Return the bytes that are available; None where the kernel does not tell."""
        try:
            lines = self._meminfo.read_text().splitlines()
        except OSError:
            return None
        for line in lines:
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
        return None
