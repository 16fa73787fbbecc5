"""The way out of a sandbox."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from control_plane.domain.egress import Decision, EgressPolicy, Traffic


class Egress(Protocol):
    """Gates to the outside, one for each sandbox. ``open`` and ``close`` may be repeated."""

    async def open(self, project_id: str, policy: EgressPolicy) -> None:
        """Open a gate, or change what an open one lets through: connections that it no longer allows are cut."""
        ...

    async def close(self, project_id: str) -> None: ...
    async def traffic(self) -> Mapping[str, Traffic]:
        """Return the bytes of each project since the gates' process started; under the empty id, those of forgotten ones.

        Raises ``EngineUnavailable``, as ``recent`` does.
        """
        ...

    async def recent(self, project_id: str) -> Sequence[Decision]:
        """Return a project's latest decisions, newest first."""
        ...
