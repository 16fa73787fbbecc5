"""What the sandbox uses, read from its control group (version 2 or 1) and its file system."""

import os
import time
from pathlib import Path
from typing import Final

from sandbox_image.wire.agent import Usage

CGROUP: Final = Path("/sys/fs/cgroup")
_NO_LIMIT: Final = 1 << 60
"""Version 1 writes a number near 2**63 where version 2 writes ``max``."""


class UsageReader:
    """Reads use and limits. A figure that the kernel does not give here is 0."""

    def __init__(self, workspace: Path, cgroup: Path = CGROUP) -> None:
        self._workspace = workspace
        self._root = cgroup
        self._v2 = (cgroup / "cgroup.controllers").exists()
        self._last = (time.monotonic(), self._cpu_seconds())
        self._cpu = 0.0

    def read(self) -> Usage:
        """Answer of ``GET /usage``."""
        disk = os.statvfs(self._workspace)
        return Usage(
            memory=self._memory(),
            memory_limit=self._number("memory.max", "memory/memory.limit_in_bytes"),
            cpu=self._cores_in_use(),
            cpu_limit=self._cpu_limit(),
            processes=self._number("pids.current", "pids/pids.current"),
            process_limit=self._number("pids.max", "pids/pids.max"),
            disk=(disk.f_blocks - disk.f_bfree) * disk.f_frsize,
            disk_limit=disk.f_blocks * disk.f_frsize,
        )

    def _memory(self) -> int:
        """Memory that cannot be given back at once: page cache that nobody used lately is left out, as engines do."""
        used = self._number("memory.current", "memory/memory.usage_in_bytes")
        key = "inactive_file" if self._v2 else "total_inactive_file"
        for line in self._text("memory.stat", "memory/memory.stat").splitlines():
            name, _, value = line.partition(" ")
            if name == key and value.isdecimal():
                return max(0, used - int(value))
        return used

    def _cores_in_use(self) -> float:
        """Cores since the last reading; a reading within a tenth of a second repeats the last answer."""
        before, used_before = self._last
        now, used = time.monotonic(), self._cpu_seconds()
        if now - before >= 0.1:
            self._last = (now, used)
            self._cpu = max(0.0, (used - used_before) / (now - before))
        return self._cpu

    def _cpu_seconds(self) -> float:
        if not self._v2:
            return self._number("", "cpuacct/cpuacct.usage") / 1e9
        for line in self._text("cpu.stat", "").splitlines():
            name, _, value = line.partition(" ")
            if name == "usage_usec" and value.isdecimal():
                return int(value) / 1e6
        return 0.0

    def _cpu_limit(self) -> float:
        if self._v2:
            quota, _, period = self._text("cpu.max", "").strip().partition(" ")
        else:
            quota = self._text("", "cpu/cpu.cfs_quota_us").strip()
            period = self._text("", "cpu/cpu.cfs_period_us").strip()
        if quota.isdecimal() and period.isdecimal() and int(period):
            return int(quota) / int(period)
        return 0.0

    def _number(self, v2: str, v1: str) -> int:
        text = self._text(v2, v1).strip()
        value = int(text) if text.isdecimal() else 0
        return value if value < _NO_LIMIT else 0

    def _text(self, v2: str, v1: str) -> str:
        name = v2 if self._v2 else v1
        if not name:
            return ""
        try:
            return (self._root / name).read_text()
        except OSError:
            return ""
