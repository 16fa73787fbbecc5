"""The project's Python environment: made and filled by uv, and watched for packages that come by any other way."""

from .environment import Environment
from .routes import routes

__all__ = ["Environment", "routes"]
