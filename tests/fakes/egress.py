"""Gates to the outside that lead nowhere."""


class FakeEgress:
    """``ports.Egress``; ``open_gates`` are the projects whose gate is open."""

    def __init__(self) -> None:
        self.open_gates: set[str] = set()

    async def open(self, project_id: str) -> None:
        """Open a gate."""
        self.open_gates.add(project_id)

    async def close(self, project_id: str) -> None:
        """Close a gate."""
        self.open_gates.discard(project_id)
