"""What the life of a sandbox asks about what its project may use."""

from typing import Protocol

from control_plane.domain.egress import EgressPolicy
from control_plane.domain.sandbox import Limits
from control_plane.services.sandboxes.start_turns import Place


class Grants(Protocol):
    """Answered from memory, by project."""

    def place_of(self, project_id: str) -> Place:
        """Return whose turn in the start queue the project takes."""
        ...

    def limits_of(self, project_id: str) -> Limits | None:
        """Return the limits to start with; None: those that it had."""
        ...

    def egress_of(self, project_id: str) -> EgressPolicy:
        """Return how much of the network it reaches."""
        ...

    def at_once_of(self, project_id: str) -> int:
        """Return how many sandboxes the project's owner may have; 0: any number."""
        ...
