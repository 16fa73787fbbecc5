"""The port ``Egress``: a gate for each sandbox, where its agent looks for it, with the deployment's allow-list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from control_plane.adapters.egress.indexes import index_hosts
from control_plane.adapters.egress.proxy import EgressProxy
from control_plane.domain.egress import EgressPolicy, parse_allowed_host


class EgressPaths(Protocol):
    """Where the sockets of the gates lie."""

    def egress_path(self, project_id: str) -> str: ...


class Gates:
    """Opens and closes gates as sandboxes come and go."""

    def __init__(self, proxy: EgressProxy, paths: EgressPaths, policy: EgressPolicy) -> None:
        self._proxy = proxy
        self._paths = paths
        self._policy = policy

    async def open(self, project_id: str) -> None:
        """Open the gate of a sandbox that starts or was adopted."""
        await self._proxy.open(project_id, Path(self._paths.egress_path(project_id)), self._policy)

    async def close(self, project_id: str) -> None:
        """Close the gate of a sandbox that ended."""
        await self._proxy.close(project_id)


def deployment_policy(index_url: str, hosts: Sequence[str]) -> EgressPolicy:
    """The package indexes and the hosts that the settings name. Raises ``ValueError`` for an entry that is none."""
    return EgressPolicy((*index_hosts(index_url), *(parse_allowed_host(host) for host in hosts)))
