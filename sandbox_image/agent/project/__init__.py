"""The project's folder: ``flow.json``, the sources of nodes, import and export."""

from .routes import routes
from .store import ProjectStore

__all__ = ["ProjectStore", "routes"]
