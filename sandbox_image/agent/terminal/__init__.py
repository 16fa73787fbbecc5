"""Terminals: shells on PTYs that outlive their viewers.

A terminal's only buffer is its ring. A viewer is a place in the ring, so a slow or vanished one costs no memory.
"""

from .routes import routes
from .terminal import Terminal
from .terminals import Terminals

__all__ = ["Terminal", "Terminals", "routes"]
