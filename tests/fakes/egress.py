"""Gates to the outside that lead nowhere."""

from collections.abc import Mapping, Sequence

from control_plane.domain.egress import Decision, EgressPolicy, Traffic
from control_plane.ports import EventSink


class FakeEgress:
    """``ports.Egress``; ``open_gates`` are the projects whose gate is open, ``policies`` what each lets through."""

    def __init__(self) -> None:
        self.sink: EventSink | None = None
        """Where the application wants to be told of refused connections."""
        self.policies: dict[str, EgressPolicy] = {}
        self.bytes: dict[str, Traffic] = {}
        self.decisions: dict[str, list[Decision]] = {}

    @property
    def open_gates(self) -> set[str]:
        """The projects whose gate is open."""
        return set(self.policies)

    async def open(self, project_id: str, policy: EgressPolicy) -> None:
        """Open a gate, or change what it lets through."""
        self.policies[project_id] = policy

    async def close(self, project_id: str) -> None:
        """Close a gate."""
        self.policies.pop(project_id, None)

    async def traffic(self) -> Mapping[str, Traffic]:
        """Return what the test put there."""
        return self.bytes

    async def recent(self, project_id: str) -> Sequence[Decision]:
        """Return what the test put there."""
        return self.decisions.get(project_id, [])
