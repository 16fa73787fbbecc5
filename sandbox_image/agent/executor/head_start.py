"""The head start of the first zygote: its interpreter comes up on another core while the agent still imports its parts."""

import logging
from pathlib import Path
from typing import Final

from .executor import child_environment
from .zygote import ForkFailed, Zygote, ZygoteFailed

logger = logging.getLogger(__name__)

PYTHON: Final = Path(".aimforge/venv/bin/python")
"""Where an environment that was made before has its interpreter, in the workspace."""


async def head_start(workspace: Path) -> Zygote | None:
    """Start a zygote of the environment that is there; None when there is none yet, or it does not start.

    ``Executor`` uses it if the environment turns out to be usable as it is, and tells why if it is not.
    """
    python = workspace / PYTHON
    if not python.exists():
        return None
    try:
        return await Zygote.start(python, workspace, child_environment(python))
    except (ZygoteFailed, ForkFailed, OSError) as error:
        logger.warning("no head start for the interpreter: %s", error)
        return None
