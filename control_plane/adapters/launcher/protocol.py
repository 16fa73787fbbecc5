"""All that a launcher can be asked: one request for each call of ``ports.SandboxRuntime``, and one for a gate's folder.

A request says who, how much and from which template. It has no word for an image, a mount, a capability or a command:
the launcher knows those by itself. ``rules`` judges what is left, such as limits.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

ContainerId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")]
"""Becomes part of a path that the engine is asked for: nothing that could lead elsewhere."""
ProjectId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")]
Cores = Annotated[float, Meta(gt=0)]
LONGEST_GRACE_SEC: Final = 60.0


class WantedLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``domain.sandbox.Limits`` as asked for."""

    memory: int
    cpus: Cores
    pids: int
    open_files: int
    shm: int
    tmp: int
    disk: int


class WantedSandbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ports.SandboxSpec`` as asked for."""

    project_id: ProjectId
    project_name: Annotated[str, Meta(max_length=1000)]
    generation: Annotated[int, Meta(ge=1, le=2**53)]
    uid: int
    limits: WantedLimits
    template: Annotated[str, Meta(pattern=r"\A[a-z0-9_][a-z0-9_-]{0,63}\Z")]
    egress: bool


class Alive(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="alive"):
    """Answer: null, without asking the engine. One that is away is no fault of the launcher that a restart would mend."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="check"):
    """Answer: what the engine cannot do to sandboxes; the error that keeps them from being started where there is one."""


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="start"):
    """Start a sandbox. Answer: its container."""

    spec: WantedSandbox


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="pause"):
    """Freeze a sandbox."""

    container_id: ContainerId


class Resume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="resume"):
    """Thaw a sandbox."""

    container_id: ContainerId


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="stop"):
    """Stop and remove a sandbox's container."""

    container_id: ContainerId
    grace_sec: Annotated[float, Meta(ge=0, le=LONGEST_GRACE_SEC)]


class Inspect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="inspect"):
    """Answer: the container, or null when it is gone or not ours."""

    container_id: ContainerId


class ListAll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="list"):
    """Answer: all containers of this deployment."""


class Workspaces(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="workspaces"):
    """Answer: the project ids of all workspaces."""


class DeleteWorkspace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delete_workspace"):
    """Remove a project's sandbox and workspace."""

    project_id: ProjectId


class UpdateLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="update_limits"):
    """Change the limits of a sandbox that runs."""

    container_id: ContainerId
    limits: WantedLimits


class Ends(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ends"):
    """Answers: null once it listens, then each container as it ends, until the asker hangs up."""


class PrepareGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="prepare_gate"):
    """Make the folder in which the egress role binds a project's gate."""

    project_id: ProjectId


Request = (
    Alive
    | Check
    | Start
    | Pause
    | Resume
    | Stop
    | Inspect
    | ListAll
    | Workspaces
    | DeleteWorkspace
    | UpdateLimits
    | Ends
    | PrepareGate
)
