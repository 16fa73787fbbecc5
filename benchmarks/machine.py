"""The state of the machine that figures were measured on."""

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.engine import Engine

PACKAGES: Final = ("uvicorn", "starlette", "fastapi", "httptools", "uvloop", "msgspec", "websockets", "pyright")


def state() -> dict[str, Any]:
    """Describe the machine and the versions in use."""
    engine = Engine().version()
    return {
        "at": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "engine": engine["Version"],
        "engine_components": {part["Name"]: part["Version"] for part in engine.get("Components", [])},
        "python": platform.python_version(),
        "commit": _commit(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "load": load(),
    }


def load() -> list[float]:
    """Return the load averages over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def idle_share(seconds: float = 1.0) -> float:
    """Return which share of the processors was idle over some time; it tells foreign load better than an average."""
    before = _jiffies()
    time.sleep(seconds)
    after = _jiffies()
    total = sum(after) - sum(before)
    return (after[3] - before[3]) / total if total else 1.0


def rss(pid: int) -> float:
    """Return a process's resident memory in MiB. Raises ``OSError`` when it has gone."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"Process {pid} has ended.")


def _jiffies() -> list[int]:
    return [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
