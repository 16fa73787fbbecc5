"""No room on a disk is told as such, wherever it shows."""

import errno

import pytest

from control_plane.adapters.docker.engine import EngineRefused
from control_plane.adapters.docker.runtime import tells_full_disk


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (EngineRefused(500, "mkdir /var/lib/docker/overlay2/x: no space left on device"), True),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        ("OSError: [Errno 28] No space left on device: '/workspace/x'", True),
        (EngineRefused(500, "no such file"), False),
        (OSError(errno.EACCES, "Permission denied"), False),
        ("", False),
    ],
)
def test_no_room_is_recognized(error: Exception | str, *, full: bool):
    assert tells_full_disk(error) is full
