"""Servers that users run in the sandbox, seen through the agent."""

from .preview import Preview
from .routes import routes

__all__ = ["Preview", "routes"]
