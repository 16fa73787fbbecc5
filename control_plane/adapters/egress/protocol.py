"""What the egress role can be asked: to open and close gates, to tell their traffic, and to report what they refuse."""

from typing import Annotated

import msgspec
from msgspec import Meta

from control_plane.domain.egress import EgressPolicy, parse_allowed_host
from control_plane.domain.errors import Invalid
from sandbox_image.wire.events import EgressDenied

ProjectId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")]


Host = Annotated[str, Meta(max_length=270)]
"""An ``AllowedHost`` as it is written; read by the rules of ``domain.egress``, and refused if it is none."""


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="open"):
    """Open a project's gate, or change what an open one lets through: ``domain.egress.EgressPolicy``, written down."""

    project_id: ProjectId
    hosts: Annotated[tuple[Host, ...], Meta(max_length=1000)]
    open: bool = False
    bytes_per_sec: Annotated[int, Meta(ge=0, le=2**53)] = 0
    advice: Annotated[str, Meta(max_length=300)] = ""

    @classmethod
    def of(cls, project_id: str, policy: EgressPolicy) -> "Open":
        """Write a policy down."""
        hosts = tuple(str(host) for host in policy.hosts)
        return cls(project_id, hosts, policy.open, policy.bytes_per_sec, policy.advice)

    def policy(self) -> EgressPolicy:
        """Read the policy. Raises ``Invalid`` for a host that is none."""
        try:
            hosts = tuple(parse_allowed_host(host) for host in self.hosts)
        except ValueError as error:
            raise Invalid(f"The gate of {self.project_id} cannot be opened: {error}") from error
        return EgressPolicy(hosts, self.open, self.bytes_per_sec, self.advice)


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="close"):
    """Close a project's gate, and end its connections."""

    project_id: ProjectId


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="watch"):
    """Answers: null once it watches, then each refusal, until the asker hangs up."""


class ReadTraffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="traffic"):
    """Answer: ``domain.egress.Traffic`` of each project."""


class ReadRecent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="recent"):
    """Answer: a project's latest decisions (``domain.egress.Decision``), newest first."""

    project_id: ProjectId


Request = Open | Close | Watch | ReadTraffic | ReadRecent


class Denied(msgspec.Struct, frozen=True):
    """A refusal, for the viewers of the project."""

    project_id: str
    event: EgressDenied
