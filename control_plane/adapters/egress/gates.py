"""The port ``Egress``: a gate for each sandbox, where its agent looks for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from control_plane.adapters.egress.proxy import EgressProxy
from control_plane.domain.egress import Decision, EgressPolicy, Traffic


class EgressPaths(Protocol):
    """Where the sockets of the gates lie."""

    def egress_path(self, project_id: str) -> str: ...


class Gates:
    """Opens and closes gates as sandboxes come and go."""

    def __init__(self, proxy: EgressProxy, paths: EgressPaths) -> None:
        self._proxy = proxy
        self._paths = paths

    async def open(self, project_id: str, policy: EgressPolicy) -> None:
        """Open the gate of a sandbox, or change what an open one lets through."""
        path = Path(self._paths.egress_path(project_id))
        if self._proxy.is_open(project_id, path):
            self._proxy.set_policy(project_id, policy)
        else:
            await self._proxy.open(project_id, path, policy)

    async def close(self, project_id: str) -> None:
        """Close the gate of a sandbox that ended."""
        await self._proxy.close(project_id)

    async def traffic(self) -> Mapping[str, Traffic]:
        """Return the bytes of each project."""
        return self._proxy.ledger.traffic()

    async def recent(self, project_id: str) -> Sequence[Decision]:
        """Return a project's latest decisions, newest first."""
        return self._proxy.ledger.recent(project_id)
