from typing import Any

import pytest

from control_plane.adapters.docker.reading import container_of, end_reason, is_sandbox, seconds
from control_plane.domain.sandbox import EndReason
from control_plane.ports import ContainerState

LABELS = {"org.aimforge.deployment": "local", "org.aimforge.project": "prices", "org.aimforge.generation": "4"}


def inspected(status: str, exit_code: int = 0, *, oom: bool = False) -> dict[str, Any]:
    return {
        "Id": "c0ffee",
        "Created": "2026-11-30T02:55:44.123456789Z",
        "Image": "sha256:1",
        "Config": {"Labels": LABELS},
        "State": {"Status": status, "ExitCode": exit_code, "OOMKilled": oom},
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [("created", "created"), ("running", "running"), ("paused", "paused"), ("exited", "exited"), ("dead", "exited")],
)
def test_states(status: str, state: str) -> None:
    assert container_of(inspected(status), None).state is ContainerState(state)


def test_only_a_container_that_ended_has_a_reason() -> None:
    assert container_of(inspected("running"), None).end_reason is None
    assert container_of(inspected("exited", 137, oom=True), None).end_reason is EndReason.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("exit_code", "oom", "reason"),
    [
        (137, True, EndReason.OUT_OF_MEMORY),
        (137, False, EndReason.CRASHED),
        # A run was killed for lack of memory once; much later the agent ended by itself.
        (2, True, EndReason.CRASHED),
        (0, False, EndReason.CRASHED),
    ],
)
def test_reasons(exit_code: int, oom: bool, reason: EndReason) -> None:
    assert end_reason(exit_code, oom=oom) is reason


def test_another_image_is_not_current() -> None:
    assert container_of(inspected("running"), "sha256:1").image_current
    assert not container_of(inspected("running"), "sha256:2").image_current


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        LABELS | {"org.aimforge.deployment": "other"},
        LABELS | {"org.aimforge.generation": "x"},
        {"org.aimforge.deployment": "local"},
    ],
)
def test_what_is_not_ours(labels: dict[str, str] | None) -> None:
    assert is_sandbox(LABELS, "local")
    assert not is_sandbox(labels, "local")


@pytest.mark.parametrize(
    "timestamp", ["2026-11-30T02:55:44.123456789Z", "2026-11-30T02:55:44.123456Z", "2026-11-30T02:55:44Z"]
)
def test_timestamps(timestamp: str) -> None:
    assert int(seconds(timestamp)) == 1796007344
