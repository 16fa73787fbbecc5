"""What an engine cannot do is read off what it tells of itself."""

from typing import Any

import pytest

from control_plane.adapters.docker.engine import unenforced
from control_plane.domain.unenforced import Unenforced

WHOLE = {"MemoryLimit": True, "CpuCfsQuota": True, "PidsLimit": True, "CgroupDriver": "systemd"}


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        (WHOLE, set[Unenforced]()),
        ({}, set[Unenforced]()),
        (WHOLE | {"MemoryLimit": False}, {Unenforced.MEMORY}),
        (WHOLE | {"CpuCfsQuota": False, "PidsLimit": False}, {Unenforced.CPUS, Unenforced.PIDS}),
        # Docker 20.10, rootless, on control groups of version 1.
        ({"MemoryLimit": False, "CpuCfsQuota": False, "PidsLimit": False, "CgroupDriver": "none"}, set(Unenforced)),
    ],
)
def test_what_an_engine_tells_of_itself(told: dict[str, Any], missing: set[Unenforced]):
    assert unenforced(told) == missing
