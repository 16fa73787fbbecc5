"""``aimforge version``."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from sandbox_image.wire.version import API_VERSION


def version() -> None:
    """Print the version of AIM-Forge and of the agent's interface."""
    try:
        number = installed("aimforge")
    except PackageNotFoundError:
        number = "(run from its source)"
    print(f"aimforge {number}, agent interface {API_VERSION}")
