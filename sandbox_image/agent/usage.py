"""What the sandbox uses, read from its control group (version 2 or 1) and its file system."""

import os
import time
from pathlib import Path
from typing import Final

from sandbox_image.wire.agent import Usage

CGROUP: Final = Path("/sys/fs/cgroup")
MOUNTS: Final = Path("/proc/self/mountinfo")
_NO_LIMIT: Final = 1 << 60
"""Version 1 writes a number near 2**63 where version 2 writes ``max``."""


class UsageReader:
    """Reads use and limits. A figure that the kernel does not give here is 0.

    So is one of the whole machine: of memory and processor where the sandbox has no limit, since then its group is not its own,
    and of the disk where the workspace is no file system of its own.
    """

    def __init__(self, workspace: Path, cgroup: Path = CGROUP, mounts: Path = MOUNTS) -> None:
        self._workspace = workspace
        self._has_own_disk = has_own_disk(workspace, mounts)
        self._root = cgroup
        self._v2 = (cgroup / "cgroup.controllers").exists()
        self._last = (time.monotonic(), self._cpu_seconds())
        self._cpu = 0.0

    def read(self) -> Usage:
        """Answer of ``GET /usage``."""
        disk = os.statvfs(self._workspace) if self._has_own_disk else None
        memory_limit = self._number("memory.max", "memory/memory.limit_in_bytes")
        cpu_limit = self._cpu_limit()
        return Usage(
            memory=self._memory() if memory_limit else 0,
            memory_limit=memory_limit,
            cpu=self._cores_in_use() if cpu_limit else 0.0,
            cpu_limit=cpu_limit,
            processes=self._number("pids.current", "pids/pids.current"),
            process_limit=self._number("pids.max", "pids/pids.max"),
            disk=(disk.f_blocks - disk.f_bfree) * disk.f_frsize if disk else 0,
            disk_limit=disk.f_blocks * disk.f_frsize if disk else 0,
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


def has_own_disk(workspace: Path, mounts: Path) -> bool:
    """Tell whether a folder is a whole file system on a device, and not a folder of one that others share.

    A line is ``36 35 7:0 /root /point options … - ext4 /dev/loop0 …``: proc(5) has it.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    own = False
    for line in lines:
        place, _, source = line.partition(" - ")
        fields, device = place.split(), source.split()
        # Of several mounts on one point, the last is on top.
        if len(fields) > 4 and len(device) > 1 and fields[4] == str(workspace):
            own = fields[3] == "/" and device[1].startswith("/dev/")
    return own
