"""What the flow engine needs from the other parts of the agent."""

from typing import Any, Protocol

from sandbox_image.wire.project import Node, Project


class Graph(Protocol):
    """The project as it is now. Both raise ``AgentError``."""

    def read(self) -> tuple[Project, str]:
        """Return the project with the ports of its nodes, and its entity tag."""
        ...

    def source(self, node: Node) -> bytes:
        """Return the source of a code node that ``read`` told of."""
        ...


class Events(Protocol):
    """The project's event stream."""

    def publish(self, data: Any, by: str = "") -> None:
        """Tell all clients; ``data`` is a struct of ``wire/events.py``. Never blocks."""
        ...
