"""What the egress role can be asked: to open and close gates, to tell their traffic, and to report what they refuse."""

from typing import Annotated

import msgspec
from msgspec import Meta

from control_plane.domain.egress import AllowedHost, EgressPolicy
from sandbox_image.wire.events import EgressDenied

ProjectId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")]


class Allowed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``AllowedHost``: a canonical name, its ports, and whether it may lie on a private address."""

    name: Annotated[str, Meta(max_length=255)]
    ports: Annotated[tuple[Annotated[int, Meta(ge=1, le=65535)], ...], Meta(min_length=1, max_length=64)]
    private: bool = False


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="open"):
    """Open a project's gate, or change what an open one lets through."""

    project_id: ProjectId
    hosts: Annotated[tuple[Allowed, ...], Meta(max_length=1000)]


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="close"):
    """Close a project's gate, and end its connections."""

    project_id: ProjectId


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="watch"):
    """Answers: null once it watches, then each refusal, until the asker hangs up."""


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="traffic"):
    """Answer: bytes that a sandbox sent and received through its gate."""

    project_id: ProjectId


Request = Open | Close | Watch | Traffic


class Denied(msgspec.Struct, frozen=True):
    """A refusal, for the viewers of the project."""

    project_id: str
    event: EgressDenied


def hosts_of(policy: EgressPolicy) -> tuple[Allowed, ...]:
    """Write a policy down."""
    return tuple(Allowed(host.name, tuple(sorted(host.ports)), host.private) for host in policy.hosts)


def policy_of(hosts: tuple[Allowed, ...]) -> EgressPolicy:
    """Read a policy."""
    return EgressPolicy(tuple(AllowedHost(host.name, frozenset(host.ports), host.private) for host in hosts))
