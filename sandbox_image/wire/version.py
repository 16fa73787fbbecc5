"""Version of the agent's interface, and its history."""

from typing import Final

API_VERSION: Final = 1
"""Raised by one with each change that an older peer would misread.

1. First version: project, runs, environment, files, terminals, language servers, events, preview.
"""
