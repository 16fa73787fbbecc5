"""The control plane: signs people in, runs sandboxes, and relays traffic to the right one."""

from typing import Final

__version__: Final = "0.1.0"
