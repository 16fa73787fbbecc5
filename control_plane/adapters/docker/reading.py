"""What the engine reports, read into our words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL
from control_plane.domain.sandbox import EndReason
from control_plane.ports import Container, ContainerState

KILLED: Final = 137
"""Exit code of a process that was killed by SIGKILL."""

_STATES: Final[dict[str, ContainerState]] = {
    "created": ContainerState.CREATED,
    "running": ContainerState.RUNNING,
    "restarting": ContainerState.RUNNING,
    "paused": ContainerState.PAUSED,
    "removing": ContainerState.EXITED,
    "exited": ContainerState.EXITED,
    "dead": ContainerState.EXITED,
}


def is_sandbox(labels: Mapping[str, str] | None, deployment: str) -> bool:
    """Tell whether a thing with these labels is a sandbox of this deployment."""
    labels = labels or {}
    return (
        labels.get(DEPLOYMENT_LABEL) == deployment
        and PROJECT_LABEL in labels
        and labels.get(GENERATION_LABEL, "").isdecimal()
    )


def container_of(inspected: Mapping[str, Any], image_id: str | None, *, oom_seen: bool = False) -> Container:
    """Read the engine's answer about one container. ``image_id`` is what sandboxes are started from now, None if unknown."""
    labels: Mapping[str, str] = inspected["Config"]["Labels"]
    state = inspected["State"]
    status = _STATES.get(state["Status"], ContainerState.EXITED)
    exit_code = int(state["ExitCode"]) if status is ContainerState.EXITED else None
    return Container(
        id=inspected["Id"],
        project_id=labels[PROJECT_LABEL],
        generation=int(labels[GENERATION_LABEL]),
        state=status,
        created_at=seconds(inspected["Created"]),
        image_current=image_id is None or inspected["Image"] == image_id,
        end_reason=None if exit_code is None else end_reason(exit_code, oom=bool(state["OOMKilled"]) or oom_seen),
        exit_code=exit_code,
    )


def end_reason(exit_code: int, *, oom: bool) -> EndReason:
    """Tell why a container ended by itself. A kill by the kernel counts as lack of memory only if memory had run out."""
    return EndReason.OUT_OF_MEMORY if oom and exit_code == KILLED else EndReason.CRASHED


def ended_of(event: Mapping[str, Any], *, oom_seen: bool) -> Container:
    """Read a ``die`` event, for a container that may be gone already."""
    actor = event["Actor"]
    attributes: Mapping[str, str] = actor["Attributes"]
    exit_code = int(attributes.get("exitCode", "-1"))
    return Container(
        id=actor["ID"],
        project_id=attributes[PROJECT_LABEL],
        generation=int(attributes[GENERATION_LABEL]),
        state=ContainerState.EXITED,
        created_at=float(event["time"]),
        end_reason=end_reason(exit_code, oom=oom_seen),
        exit_code=exit_code,
    )


def seconds(timestamp: str) -> float:
    """Return the engine's timestamp as seconds since 1970."""
    return datetime.fromisoformat(timestamp).timestamp()
