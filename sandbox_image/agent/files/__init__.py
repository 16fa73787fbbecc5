"""Files of the workspace, never outside of it, and a watcher that tells what changes."""

from .files import Files
from .routes import routes
from .watcher import Watcher

__all__ = ["Files", "Watcher", "routes"]
